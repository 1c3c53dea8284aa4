"""A Connect session with kernels; run by test_connect.py in a process of its own.

usage: connect_session.py LIBRARY JAR

Needs SPARK_TESTING in its environment: PySpark then has the server choose a free port.
"""

import sys

import ferrule
from ferrule.kernel import load
from pyspark.sql import SparkSession


def main(library, jar):
    spark = (
        SparkSession.builder.remote("local[2]")
        .config("spark.connect.grpc.binding.address", "127.0.0.1")
        .config("spark.jars", jar)
        .config(
            "spark.connect.extensions.relation.classes",
            "org.ferrule.kernel.MapInNativeRelation",
        )
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    assert ".connect." in type(spark).__module__
    k = load(library, "twice").ship(spark)
    sides = load(library, "count_sides").ship(spark)
    df = spark.sql("select concat('w', id % 3) word, id n from range(10)")
    print(df.mapInArrow(k, k.ddl).agg({"twice": "sum"}).collect()[0][0])
    print(df.groupBy("word").applyInArrow(k, "twice BIGINT, word STRING").columns)
    print(df.groupBy("word").applyInArrow(k, k.ddl).count())
    sums = spark.sql("select id rows, id % 2 sum from range(6)")
    both = df.groupBy("n").cogroup(sums.groupBy("rows")).applyInArrow(sides, sides.ddl)
    print(both.agg({"left_rows": "sum", "right_rows": "sum"}).count())
    native = ferrule.spark.map_in_native(df, k.declared("twice BIGINT, word STRING"))
    print(native.columns, native.agg({"twice": "sum"}).collect()[0][0])
    try:
        df.select("n").mapInArrow(k, k.ddl)
    except ferrule.SchemaError as error:
        print("given:" in str(error))
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
