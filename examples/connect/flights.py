r"""A notebook's worth of Spark without a JVM on the client's side.

The package pyspark-client has no Spark in it: it talks to the cluster's Connect server,
where Ferrule's source and kernels are on the class path already. First `make run`, then

    PYTHONPATH=.cluster/lib/site \
        $(scripts/python-env.sh client)/bin/python examples/connect/flights.py

(.cluster/lib/site is Ferrule's wheel as the cluster runs it; pip installs it as well)

and for the last part let some messages wait:

    head -n 50000 ~/.cache/ferrule/flights/messages.jsonl |
        build/release/ferrule pubsub publish flights --emulator-host localhost:8085 --project demo

Arguments: [sc://HOST:PORT [EMULATOR_HOST:PORT]], by default those of `make up`.
"""

# %% A session on the cluster
import pathlib
import sys

import ferrule
import pyarrow
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

# %% A kernel in C: compiled here, sent to the executors, run inside their JVM
source = pathlib.Path(__file__).parents[2] / "cluster/kernels/flight_path.c"
kernel = ferrule.kernel.compile(source)
start = spark.table("airports").toDF("origin", "from_lat", "from_lon")
end = spark.table("airports").toDF("dest", "to_lat", "to_lon")
routes = flights.groupBy("carrier", "origin", "dest").agg(
    functions.min("air_time").alias("air_time"), functions.first("distance").alias("distance")
)
placed = (
    routes.join(start, "origin").join(end, "dest").select(pyarrow.schema(kernel.inputs[0]).names)
)
paths = ferrule.spark.map_in_native(placed, kernel)
print(paths.orderBy(functions.desc("kmh")).limit(5).toPandas().to_string(index=False))

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
