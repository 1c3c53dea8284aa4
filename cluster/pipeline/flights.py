"""The flights, as they come from Pub/Sub."""

import os

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()

FLIGHT = """
    year INT, month INT, day INT, dep_time INT, sched_dep_time INT, dep_delay INT,
    arr_time INT, sched_arr_time INT, arr_delay INT, carrier STRING, flight INT,
    tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, hour INT,
    minute INT, time_hour TIMESTAMP
"""


@dp.table(comment="Every flight of the subscription, decoded natively", format="parquet")
def flights():
    return (
        spark.readStream.format("pubsub-native")
        .schema(FLIGHT)
        .option("projectId", os.environ.get("FLIGHTS_PROJECT", "demo"))
        .option("subscriptionId", os.environ.get("FLIGHTS_SUBSCRIPTION", "flights-sub"))
        .option("emulatorHost", os.environ["PUBSUB_EMULATOR_HOST"])
        .option("payloadFormat", "json")
        .option("drainIdleMs", 1000)
        .load()
    )
