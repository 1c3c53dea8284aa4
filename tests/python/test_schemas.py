"""Schemas as Python sees them; that Spark agrees is test_spark_schemas.py."""

import ferrule
import pyarrow as pa
import pytest
from ferrule import Schema
from support.random_schemas import random_schema


def test_ddl_in_and_out():
    schema = Schema.from_ddl("col STRING, `int``col` BIGINT NOT NULL COMMENT 'it\\'s'")
    assert schema.ddl == "`col` STRING, `int``col` BIGINT NOT NULL COMMENT 'it\\'s'"
    assert schema.names == ["col", "int`col"]
    assert len(schema) == 2
    assert repr(schema) == f"<ferrule.Schema {schema.ddl}>"


@pytest.mark.parametrize("seed", range(50))
def test_forms_agree(seed):
    schema = Schema.from_json(random_schema(seed))
    assert Schema.from_json(schema.json) == schema
    assert Schema(schema) == schema
    assert Schema(pa.schema(schema)) == schema
    assert Schema.from_ddl(schema.ddl).ddl == schema.ddl
    assert schema.difference(Schema.from_json(schema.json)) is None


@pytest.mark.parametrize("text", ["a", "a INT NULL", "a INT, ", "a FOO", "a DECIMAL(39,0)", ""])
def test_broken_ddl_is_refused(text):
    if text == "":
        assert len(Schema.from_ddl(text)) == 0
        return
    with pytest.raises(ferrule.Error) as failed:
        Schema.from_ddl(text)
    assert failed.value.status in ("FRL_E_MALFORMED", "FRL_E_INVALID", "FRL_E_UNSUPPORTED")


def test_a_type_is_no_schema():
    with pytest.raises(ValueError, match="columns"):
        Schema.from_ddl("ARRAY<INT>")


def test_differences_name_the_columns():
    wanted = Schema.from_ddl("a INT, b STRING NOT NULL, c DATE")
    report = wanted.difference(Schema.from_ddl("a BIGINT, b STRING, d DATE"))
    for part in ("`a`: is BIGINT, INT is needed", "`b`", "`d`", wanted.ddl):
        assert part in report
    assert wanted.difference(Schema.from_ddl("A INT, B STRING, C DATE")) is not None
    same = Schema.from_ddl("A INT, B STRING, C DATE")
    assert wanted.difference(same, ignore_case=True, ignore_nullable=True) is None


def test_widths_of_offsets_can_be_left_aside():
    wanted = Schema.from_ddl("s STRING, l ARRAY<STRING>")
    large = Schema(pa.schema([("s", pa.large_string()), ("l", pa.list_(pa.string_view()))]))
    assert "large_string, string is needed" in wanted.difference(large)
    assert wanted.difference(large, any_string_offset=True) is None


def test_schemas_are_no_keys():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Schema.from_ddl("a INT"))


def test_what_spark_has_not_is_refused_by_name():
    schema = Schema(pa.schema([("u", pa.sparse_union([pa.field("a", pa.int8())]))]))
    with pytest.raises(ferrule.Error, match="u") as failed:
        schema.ddl  # noqa: B018
    assert failed.value.status == "FRL_E_UNSUPPORTED"
