"""A notebook's worth of Spark without a JVM on the client's side.

The package pyspark-client has no Spark in it: it talks to the cluster's Connect server,
where Ferrule's source is on the class path already. First `make run`, then

    $(scripts/python-env.sh client)/bin/python examples/connect/flights.py

and for the last part let some messages wait:

    head -n 50000 ~/.cache/ferrule/flights/messages.jsonl |
        build/release/ferrule pubsub publish flights --emulator-host localhost:8085 --project demo

Arguments: [sc://HOST:PORT [EMULATOR_HOST:PORT]], by default those of `make up`.
"""

# %% A session on the cluster
import sys

from pyspark.sql import SparkSession, functions

REMOTE, EMULATOR = (sys.argv[1:] + ["sc://localhost:15002", "localhost:8085"][len(sys.argv) - 1 :])[
    :2
]
spark = SparkSession.builder.remote(REMOTE).getOrCreate()
print(f"Spark {spark.version} at {REMOTE}")

# %% The pipeline's tables: stored as Parquet, named in the catalog
carriers = spark.table("delay_by_carrier").orderBy(functions.desc("arr_delay_min"))
print(carriers.limit(5).toPandas().to_string(index=False))

# %% And what they were computed from
flights = spark.table("flights")
by_hour = flights.groupBy("hour").agg(
    functions.count("*").alias("flights"),
    functions.round(functions.avg("dep_delay"), 1).alias("dep_delay_min"),
)
print(by_hour.where("flights > 1000").orderBy("hour").toPandas().to_string(index=False))

# %% The source as a batch query: what waits in the subscription now. It is given back,
# so this can be run again and again.
waiting = (
    spark.read.format("pubsub-native")
    .schema("carrier STRING, origin STRING, dest STRING, arr_delay INT")
    .option("projectId", "demo")
    .option("subscriptionId", "flights-sub")
    .option("emulatorHost", EMULATOR)
    .option("payloadFormat", "json")
    .load()
)
print(f"{waiting.count():,} messages wait in flights-sub")
spark.stop()
