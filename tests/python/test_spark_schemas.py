"""What Spark makes of our DDL and JSON: the same schema."""

import json

import pytest
from ferrule import Schema
from support.random_schemas import loosened, random_schema

SEEDS = range(100)


@pytest.mark.parametrize("seeds", [SEEDS[i : i + 25] for i in range(0, len(SEEDS), 25)])
def test_spark_reads_the_schema_that_we_wrote(spark, seeds):
    types = spark.sparkContext._jvm.org.apache.spark.sql.types
    for seed in seeds:
        ours = Schema.from_json(random_schema(seed))
        of_json = types.DataType.fromJson(ours.json).json()
        assert json.loads(of_json) == json.loads(ours.json), seed
        assert Schema.from_json(of_json) == ours
        of_ddl = types.StructType.fromDDL(ours.ddl).json()
        assert json.loads(of_ddl) == loosened(json.loads(ours.json)), (seed, ours.ddl)
        assert Schema.from_ddl(ours.ddl) == Schema.from_json(of_ddl)


def test_every_type_of_the_kernel(spark, every_type):
    types = spark.sparkContext._jvm.org.apache.spark.sql.types
    assert types.DataType.fromJson(every_type.json).json() == every_type.json
    assert every_type.struct_type.jsonValue() == json.loads(every_type.json)


def test_pyspark_sees_the_same_arrow_types(spark, every_type):
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    declared = to_arrow_schema(every_type.struct_type)
    for ours, theirs in zip(pa.schema(every_type.schema), declared, strict=True):
        assert ours.type == theirs.type, ours.name
