"""Random schemas and rows of them, from C structs to this Spark and back.

What a version of Spark lacks is left out, by SINCE of support/random_schemas.py: before
3.4 TIMESTAMP_NTZ, before 4.0 VARIANT and collations, before 4.1 TIME.
"""

import json

import pytest
from native_kernels import alive, map_in_native
from support.echo_kernels import library, said
from support.random_schemas import Drawn, loosened
from support.same_rows import differing

SEEDS, LONG_SEEDS = range(5), range(100, 180)
ROWS = 50


@pytest.fixture(scope="module")
def version(spark):
    return tuple(map(int, spark.version.split(".")[:2]))


@pytest.fixture(scope="module")
def spark_types(spark):
    spark.conf.set("spark.sql.timeType.enabled", "true")
    yield spark.sparkContext._jvm.org.apache.spark.sql.types
    spark.conf.unset("spark.sql.timeType.enabled")


def schemas_agree(types, echo, i, schema):
    """What the C struct says of itself, read by Spark, is the schema it was made from."""
    name = f"echo{i}"
    as_json = said("ddl", "--from-json", json.dumps(schema), "--to", "json").strip()
    assert f"output  {as_json}\n" in said("kernel", "describe", echo, name, "--json")
    assert json.loads(types.DataType.fromJson(as_json).json()) == schema
    as_ddl = said("ddl", "--from-json", json.dumps(schema)).strip()
    assert f"output  {as_ddl}\n" in said("kernel", "describe", echo, name)
    of_ddl = types.StructType.fromDDL(as_ddl).json()
    assert json.loads(of_ddl) == loosened(schema), as_ddl
    again = said("ddl", "--from-json", of_ddl).strip()
    assert again == as_ddl


def frame_of(spark, rows, schema):
    """createDataFrame without the functions in it, which PySpark 3.3 cannot send by this Python."""
    from pyspark.sql import DataFrame

    context = spark.sparkContext
    convert = context._jvm.SerDeUtil
    pickled = context.parallelize([schema.toInternal(row) for row in rows])
    objects = convert.toJavaArray(convert.pythonToJava(pickled._jrdd, True)).rdd()
    return DataFrame(spark._jsparkSession.applySchemaToPythonRDD(objects, schema.json()), spark)


def rows_come_back(spark, echo, i, schema, rows):
    from pyspark.sql.types import StructType

    exact = StructType.fromJson(schema)
    given = frame_of(spark, rows, exact)
    made = map_in_native(given, echo, f"echo{i}", {"ferrule.batchRows": str(1 + i % 40)})
    assert made.schema == exact
    assert differing(made, given, schema) == []


def check(spark, version, types, folder, seeds):
    drawn = [Drawn(seed, version) for seed in seeds]
    schemas = [d.schema() for d in drawn]
    echo = library(schemas, folder)
    for i, schema in enumerate(schemas):
        print("seed", seeds[i])
        schemas_agree(types, echo, i, schema)
        rows_come_back(spark, echo, i, schema, drawn[i].rows(schema, ROWS))
    assert alive(spark) == [0, 0, 0, 0]


@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_schemas_and_rows_come_back(spark, version, spark_types, tmp_path):
    check(spark, version, spark_types, tmp_path, SEEDS)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_many_schemas_and_rows_come_back(spark, version, spark_types, tmp_path):
    check(spark, version, spark_types, tmp_path, LONG_SEEDS)


@pytest.mark.matrix
def test_a_difference_is_seen(spark):
    """The comparison sees a row too many, one too few, and a value within a map."""
    kind = {"type": "map", "keyType": "string", "valueType": "long", "valueContainsNull": True}
    field = {"name": "m", "type": kind, "nullable": True, "metadata": {}}
    schema = {"type": "struct", "fields": [field]}
    one = spark.sql("select map('a', 1L) m union all select map('a', 2L)")
    assert differing(one, one, schema) == []
    for other in (
        "select map('a', 1L) m union all select map('a', 3L)",
        "select map('a', 1L) m",
        "select map('a', 1L) m union all select map('a', 2L) union all select map('a', 2L)",
        "select map('a', 1L) m union all select map('a', cast(null as bigint))",
    ):
        assert differing(one, spark.sql(other), schema)
