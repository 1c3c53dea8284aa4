"""Random rows of random schemas through mapInArrow and inside the JVM, compared by Spark."""

import ferrule
import pytest
from ferrule.kernel import load
from support.echo_kernels import library
from support.random_schemas import NAMES, Drawn
from support.same_rows import differing

SEEDS, LONG_SEEDS = range(1000, 1004), range(1100, 1150)
ROWS = 50
# PySpark's mapInArrow cannot name a column with a backtick
PLAINER = [name for name in NAMES if "`" not in name]


def check(spark, folder, seeds):
    from pyspark.sql.types import StructType

    drawn = [Drawn(seed, names=PLAINER) for seed in seeds]
    schemas = [d.schema() for d in drawn]
    echo = library(schemas, folder)
    for i, schema in enumerate(schemas):
        print("seed", seeds[i])
        k = load(echo, f"echo{i}").ship(spark)
        exact = StructType.fromJson(schema)
        rows = drawn[i].rows(schema, ROWS)
        given = spark.createDataFrame(rows, exact, verifySchema=False).repartition(2)
        in_worker = given.mapInArrow(k, k.struct_type)
        within = ferrule.spark.map_in_native(given, k, batch_rows=7)
        assert in_worker.schema == within.schema == exact
        # what both give, against what went in
        assert differing(in_worker, given, schema) == []
        assert differing(within, in_worker, schema) == []


@pytest.mark.timeout(900)
def test_rows_come_back(spark, tmp_path):
    check(spark, tmp_path, SEEDS)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_many_rows_come_back(spark, tmp_path):
    check(spark, tmp_path, LONG_SEEDS)
