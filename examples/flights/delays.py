"""The tables of the default pipeline, read through Spark Connect.

Usage: ferrule cluster run examples/flights/delays.py
"""

import sys

from pyspark.sql import SparkSession, functions


def main():
    spark = SparkSession.builder.getOrCreate()
    carriers = spark.table("delay_by_carrier")
    carriers.orderBy(functions.desc("arr_delay_min")).show(20)
    routes = spark.table("delay_by_route").where("flights >= 365")
    routes.orderBy(functions.desc("arr_delay_p90_min")).show(5)
    spark.table("speed_by_heading").where("heading is not null").orderBy("kmh").show()
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
