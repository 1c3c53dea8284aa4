"""Ferrule's reading of DDL and of schema JSON against that of a real Spark."""

import json

import pytest
from pyspark.errors import PySparkException
from support import arrow_library
from support.arrow_library import FerruleError

NESTED = (
    "a STRUCT<b: STRING COLLATE UNICODE, c: ARRAY<MAP<STRING, STRING COLLATE UTF8_LCASE>>>"
    " NOT NULL COMMENT 'y'"
)

BOTH_READ = [
    "a BOOLEAN, b TINYINT, c BYTE, d SMALLINT, e SHORT, f INT, g INTEGER, h BIGINT, i LONG",
    "a FLOAT, b REAL, c DOUBLE, d DATE, e BINARY, f STRING, g VOID",
    "a DECIMAL, b DEC(5), c NUMERIC(38,38), d DECIMAL(1,0)",
    "a CHAR(5), b CHARACTER(1), c VARCHAR(0), d VARCHAR(65535)",
    "a TIMESTAMP, b TIMESTAMP_NTZ, c TIMESTAMP_LTZ, d TIMESTAMP WITHOUT TIME ZONE",
    "a TIME, b TIME(0), c TIME(3) WITHOUT TIME ZONE, d VARIANT, e INTERVAL",
    "a INTERVAL YEAR, b INTERVAL MONTH, c INTERVAL YEAR TO MONTH, d INTERVAL DAY",
    "a INTERVAL DAY TO HOUR, b INTERVAL DAY TO MINUTE, c INTERVAL DAY TO SECOND",
    "a INTERVAL HOUR, b INTERVAL HOUR TO MINUTE, c INTERVAL HOUR TO SECOND",
    "a INTERVAL MINUTE, b INTERVAL MINUTE TO SECOND, c INTERVAL SECOND",
    "a GEOMETRY(4326), b GEOMETRY(ANY), c GEOMETRY(0), d GEOMETRY(3857)",
    "a GEOGRAPHY(4326), b GEOGRAPHY(ANY)",
    "a STRING COLLATE utf8_lcase, b STRING COLLATE `UNICODE_CI_AI`, c STRING COLLATE UTF8_BINARY",
    "a ARRAY<ARRAY <INT>>, b MAP<MAP<INT,INT>,STRUCT<>>, c STRUCT< >, d struct<x int>",
    "a MAP<STRING COLLATE UNICODE, STRING COLLATE UTF8_LCASE>, b ARRAY<STRING COLLATE UNICODE>",
    NESTED,
    "`a``b` INT, `` INT, ` ` INT, `new\nline` INT, `日` INT, 1a INT, _ INT, a INT, a INT",
    "date DATE, array INT, interval INT, time TIME, struct STRUCT<map: INT, `x y`: INT>",
    "a int /* c */ NOT -- x\n NULL",
    "struct<a: int not null comment 'x'>",
    r"a INT NOT NULL COMMENT 'it\'s \\ ok', b INT COMMENT 'it''s', c INT COMMENT ''",
    r"""a INT COMMENT "d""q's", b INT COMMENT 'a' "b", c INT COMMENT r'raw\n'""",
    r"a INT COMMENT 'tab\tq\041\u0041\x\%\_\Z\b\0z', b INT COMMENT '\U0001F600'",
]

BOTH_REFUSE = [
    *("a", "a INT,", "a FOO", "a INT b INT", "a INT NULL", "a INT DEFAULT 5", "a INT NOT"),
    *("a INT COMMENT 'x' NOT NULL", "a INT COMMENT", "a INT COMMENT 'x", "a INT; b INT"),
    *("1 INT", "1L INT", "1e5 INT", "1D INT", "a-b INT", "a.b INT", "ä INT", "`a INT"),
    *("a ARRAY", "a ARRAY<INT", "a ARRAY<INT>>", "a ARRAY<INT NOT NULL>", "a MAP<INT>"),
    *("a STRUCT<b INT,>", "a STRUCT", "a DECIMAL(39,2)", "a DECIMAL(5,6)", "a DECIMAL(5,-1)"),
    *("a CHAR", "a VARCHAR", "a INT(5)", "a STRING(5)", "a STRING COLLATE x.UNICODE"),
    *("a TIME(10)", "a TIMESTAMP(6)", "a TIMESTAMP_NTZ WITHOUT TIME ZONE"),
    *("a INTERVAL YEAR TO DAY", "a INTERVAL DAY TO DAY", "a INTERVAL SECOND TO MINUTE"),
    *("a GEOMETRY", "a GEOGRAPHY(x)", "a BIGINT UNSIGNED", "a DOUBLE PRECISION"),
]

# what a later Spark may know, or what PySpark adds to the grammar
FERRULE_ALONE_READS = ["", "a: INT", "a TIME(9)", "a GEOMETRY(12345)", "a STRING COLLATE xx_YY"]


@pytest.fixture(scope="module")
def ferrule():
    return arrow_library.load()


@pytest.fixture(scope="module")
def data_type(spark):
    return spark._jvm.org.apache.spark.sql.types.DataType


def as_json(ferrule, schema):
    return json.loads(ferrule.schema_to("frl_schema_to_json", schema))


@pytest.mark.parametrize("ddl", BOTH_READ)
def test_the_same_schema_is_read(ferrule, data_type, ddl):
    spark_says = json.loads(data_type.fromDDL(ddl).json())
    schema = ferrule.schema_from("frl_schema_from_ddl", ddl)
    assert as_json(ferrule, schema) == spark_says
    # and Spark reads what Ferrule writes as that schema again
    written = ferrule.schema_to("frl_schema_to_ddl", schema)
    assert json.loads(data_type.fromDDL(written).json()) == spark_says
    # and Ferrule reads Spark's JSON
    again = ferrule.schema_from("frl_schema_from_json", json.dumps(spark_says))
    assert as_json(ferrule, again) == spark_says


@pytest.mark.parametrize("ddl", BOTH_REFUSE)
def test_the_same_text_is_refused(ferrule, data_type, ddl):
    with pytest.raises(PySparkException):
        data_type.fromDDL(ddl)
    with pytest.raises(FerruleError, match="DDL, byte"):
        ferrule.schema_from("frl_schema_from_ddl", ddl)


@pytest.mark.parametrize("ddl", FERRULE_ALONE_READS)
def test_known_differences_are_still_there(ferrule, data_type, ddl):
    with pytest.raises(PySparkException):
        data_type.fromDDL(ddl)
    ferrule.schema_from("frl_schema_from_ddl", ddl)


def test_arrow_types_are_those_of_pyspark(ferrule):
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    ddl = (
        "a BOOLEAN, b TINYINT, c SMALLINT, d INT NOT NULL, e BIGINT, f FLOAT, g DOUBLE, "
        "h DECIMAL(20,3), i STRING, j BINARY, k DATE, l TIMESTAMP, m TIMESTAMP_NTZ, n TIME(6), "
        "o INTERVAL DAY TO SECOND, p ARRAY<INT>, q MAP<STRING,ARRAY<DATE>>, "
        "r STRUCT<x: INT NOT NULL, y: STRING>, s VARIANT, t GEOMETRY(4326), u GEOGRAPHY(ANY), "
        "v VOID, w STRING COLLATE UNICODE"
    )
    ours = ferrule.schema_from("frl_schema_from_ddl", ddl)
    text = ferrule.schema_to("frl_schema_to_json", ours)
    theirs = to_arrow_schema(StructType.fromJson(json.loads(text)))
    for ours_field, theirs_field in zip(ours, theirs, strict=True):
        assert ours_field.equals(theirs_field), ours_field.name
        assert ours_field.nullable == theirs_field.nullable


def test_pyspark_s_own_arrow_schemas_are_recognised(ferrule):
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    types = ["VARIANT", "GEOMETRY(4326)", "GEOMETRY(ANY)", "GEOGRAPHY(4326)"]
    ddl = ", ".join(f"`c{i}` {t}" for i, t in enumerate(types))
    text = ferrule.schema_to("frl_schema_to_json", ferrule.schema_from("frl_schema_from_ddl", ddl))
    theirs = to_arrow_schema(StructType.fromJson(json.loads(text)))
    assert ferrule.schema_to("frl_schema_to_ddl", theirs) == ddl
