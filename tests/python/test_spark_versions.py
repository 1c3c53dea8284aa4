"""Kernels on every Spark, in Python workers and inside the JVM."""

import ferrule
import pyspark
import pytest
from ferrule.kernel import load
from ferrule.spark import map_in_native

pytestmark = pytest.mark.matrix


def in_worker(df, k):
    return df.mapInArrow(k.ship(df.sparkSession), k.ddl)


WAYS = pytest.mark.parametrize("way", [in_worker, map_in_native])


@WAYS
def test_equals_the_built_in_expressions(spark, several, way):
    df = spark.sql(
        "select if(id % 7 = 0, null, concat('wö', id % 30)) word, if(id % 5 = 0, null, id) n"
        " from range(0, 30000, 1, 3)"
    )
    made = way(df, load(several, "twice"))
    theirs = df.selectExpr("word", "2 * n twice")
    assert made.columns == theirs.columns
    assert made.exceptAll(theirs).count() == theirs.exceptAll(made).count() == 0


@WAYS
def test_state_options_and_a_flush(spark, several, way):
    df = spark.range(0, 100, 1, 2).selectExpr("'w' word", "id n")
    made = way(df, load(several, "total", options={"step": 5}))
    assert sorted(map(tuple, made.collect())) == [(250, 1225), (250, 3725)]


def test_columns_in_another_order(spark, several):
    df = spark.range(10).selectExpr("'w' word", "id n")
    k, other = load(several, "twice").ship(spark), "twice BIGINT, word STRING"
    for made in (df.mapInArrow(k, other), map_in_native(df, k.declared(other))):
        assert [f.simpleString() for f in made.schema] == ["twice:bigint", "word:string"]
        assert made.agg({"twice": "sum"}).collect()[0][0] == 90
        assert made.agg({"word": "max"}).collect()[0][0] == "w"


@WAYS
def test_another_input_is_refused_before_the_job(spark, several, way):
    df = spark.range(10).selectExpr("cast(nullif(id, 0) as int) n", "'w' word")
    with pytest.raises(ferrule.SchemaError) as failed:
        way(df, load(several, "twice"))
    assert "needed: `word` STRING, `n` BIGINT" in str(failed.value)
    assert "given:  `n` INT, `word` STRING NOT NULL" in str(failed.value)


@WAYS
def test_a_failing_row_fails_the_task_with_its_message(spark, several, way):
    df = spark.range(0, 10, 1, 1).selectExpr("if(id = 7, 'bad', 'good') word", "id n")
    with pytest.raises(Exception, match="kernel twice: row 7 .*: the word is bad"):
        way(df, load(several, "twice")).collect()


@pytest.mark.skipif(pyspark.__version__ >= "4", reason="there it works")
def test_an_older_connect_client_is_told_what_it_needs(several):
    class Session:
        __module__ = "pyspark.sql.connect.session"

    class Frame:
        sparkSession = Session()

    with pytest.raises(ferrule.Error, match="needs Spark 4.0 or newer; this is PySpark 3"):
        map_in_native(Frame(), load(several, "twice"))
