"""Schemas between Spark DDL and pyarrow."""

import pyarrow as pa
import pytest
from support.arrow_library import FerruleError

UTC = pa.timestamp("us", "UTC")
VARIANT = pa.struct(
    [
        pa.field("value", pa.binary(), nullable=False),
        pa.field("metadata", pa.binary(), nullable=False, metadata={"variant": "true"}),
    ]
)

SAME = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "DECIMAL(10,2)": pa.decimal128(10, 2),
    "STRING": pa.string(),
    "BINARY": pa.binary(),
    "DATE": pa.date32(),
    "TIMESTAMP": UTC,
    "TIMESTAMP_NTZ": pa.timestamp("us"),
    "TIME(6)": pa.time64("ns"),
    "INTERVAL DAY TO SECOND": pa.duration("us"),
    "INTERVAL": pa.month_day_nano_interval(),
    "VOID": pa.null(),
    "VARIANT": VARIANT,
    "ARRAY<INT>": pa.list_(pa.field("element", pa.int32())),
    "MAP<STRING, INT>": pa.map_(pa.string(), pa.int32()),
    "STRUCT<`a`: INT, `b`: DATE>": pa.struct([("a", pa.int32()), ("b", pa.date32())]),
}


@pytest.mark.parametrize("ddl", SAME)
def test_ddl_is_this_arrow_type_and_back(ferrule, ddl):
    schema = ferrule.schema_from("frl_schema_from_ddl", f"`f` {ddl}")
    assert schema.field("f").type == SAME[ddl]
    plain = pa.schema([("f", SAME[ddl])])  # without Ferrule's own metadata
    assert ferrule.schema_to("frl_schema_to_ddl", plain) == f"`f` {ddl}"


def test_a_json_schema_keeps_what_ddl_cannot_say(ferrule):
    element = pa.field("element", pa.int32(), nullable=False)
    schema = pa.schema([pa.field("l", pa.list_(element), nullable=False)])
    json = ferrule.schema_to("frl_schema_to_json", schema)
    assert ferrule.schema_from("frl_schema_from_json", json).equals(schema)


def test_what_spark_lacks_is_named(ferrule):
    union = pa.sparse_union([pa.field("a", pa.int32())])
    schema = pa.schema([("s", pa.struct([("deep", union)]))])
    with pytest.raises(FerruleError, match='"s.deep"'):
        ferrule.schema_to("frl_schema_to_ddl", schema)
