"""What a pipeline asks of a Connect server, so that its classes come into the archive.

usage: ferrule cluster run cluster/warm_up.py      (scripts/class-archive.sh)
"""

from pyspark.sql import SparkSession, functions

spark = SparkSession.builder.getOrCreate()
numbers = spark.range(1000).selectExpr("id", "id % 7 AS k", "CAST(id AS STRING) AS s")
numbers.write.format("parquet").saveAsTable("numbers")
kept = spark.table("numbers")
sums = kept.groupBy("k").agg(
    functions.count("*").alias("n"),
    functions.round(functions.avg("id"), 1).alias("mean"),
    functions.percentile_approx("id", 0.9).alias("p90"),
)
kept.join(sums, "k", "left").orderBy(functions.desc("p90")).limit(5).show()
spark.sql("SELECT k, count(*) FROM numbers GROUP BY k").collect()
