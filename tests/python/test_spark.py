"""Kernels in Spark's Python workers."""

import pathlib
import pickle
import subprocess
import sys

import ferrule
import pytest
from ferrule.kernel import load
from pyspark.errors import PythonException

ROWS = """
select
  if(id % 5 = 0, null, id % 2 = 0) flag,
  if(id % 5 = 1, null, cast(id % 100 - 50 as tinyint)) tiny,
  if(id % 5 = 2, null, cast(id % 1000 - 500 as smallint)) small,
  if(id % 5 = 3, null, cast(id * 1000 as int)) medium,
  id,
  if(id % 5 = 4, null, cast(id / 3 as float)) single,
  if(id % 5 = 0, null, id / 7) wide,
  if(id % 5 = 1, null, cast(id / 100 as decimal(9, 2))) price,
  if(id % 5 = 2, null, cast(-id as decimal(38, 10))) sum,
  if(id % 5 = 3, null, repeat('größe ', cast(id % 30 as int))) text,
  collate(if(id % 5 = 4, null, concat('Text', id)), 'UNICODE_CI') folded,
  if(id % 5 = 0, null, cast(concat('b', id) as binary)) bytes,
  if(id % 5 = 1, null, date_add(date'1969-12-20', cast(id as int))) day,
  if(id % 5 = 2, null, timestamp_micros(id * 1000003 - 5)) at,
  if(id % 5 = 3, null, cast(timestamp_micros(id * 999) as timestamp_ntz)) `local time, now`,
  if(id % 5 = 4, null, make_dt_interval(id, 0, 0, 0.25)) span,
  if(id % 5 = 0, null, make_time(cast(id % 24 as int), 30, 1.5)) clock,
  if(id % 5 = 1, null, parse_json(concat('{"a":', id, '}'))) any,
  if(id % 5 = 0, null, array(cast(id as int), null)) some,
  if(id % 5 = 1, null, array(id, -id)) `all`,
  if(id % 5 = 2, null, array(array(1, null), null, array())) rows,
  if(id % 5 = 3, null, named_struct('x', id / 3, 'y', cast(null as double))) place,
  if(id % 5 = 4, null, array(named_struct('x', 0.5d, 'y', id * 1d), null)) path,
  if(id % 5 = 0, null, map('k', id, concat('l', id), null)) counted,
  if(id % 5 = 1, null, map(date'2026-01-01', array(1, null), date'1970-01-02', null)) days
from range({rows})
"""


@pytest.fixture(scope="module")
def pairs(spark):
    return spark.sql("select concat('w', id % 3) word, id n from range(10)").persist()


def shipped(spark, path, name, **options):
    return load(path, name, options=options).ship(spark)


def of_every_type(spark, rows):
    return spark.sql(ROWS.replace("{rows}", str(rows))).repartition(3)


def told_apart(df):
    """Rows in a form that Spark can compare: it has no equality of maps and variants."""
    return df.selectExpr(
        "* except (any, counted, days)",
        "to_json(any) any",
        "map_entries(counted) counted",
        "map_entries(days) days",
    )


def test_every_type_comes_back(spark, every_type):
    given = of_every_type(spark, 500).persist()
    every_type.ship(spark)
    made = given.mapInArrow(every_type, every_type.ddl)
    assert (
        made.schema.json()
        == given.mapInArrow(lambda batches: batches, every_type.ddl).schema.json()
    )
    exact = given.mapInArrow(every_type, every_type.struct_type)
    assert exact.schema == every_type.struct_type
    for back in (made, exact):
        assert told_apart(back).exceptAll(told_apart(given)).count() == 0
        assert back.count() == 500
    given.unpersist()


def test_the_input_of_every_type_is_that_of_the_table(spark, every_type):
    every_type.check(of_every_type(spark, 1))


def test_empty_partitions_and_tables(spark, several):
    k = shipped(spark, several, "twice")
    empty = spark.createDataFrame([], "word STRING, n BIGINT")
    assert empty.mapInArrow(k, k.ddl).collect() == []
    total = shipped(spark, several, "total")
    sums = spark.range(1).selectExpr("'w' word", "id n").repartition(4)
    made = sums.mapInArrow(total, total.ddl).groupBy().sum("rows")
    assert made.collect() == [(1,)]


def test_many_batches_of_a_partition(spark, several):
    k = shipped(spark, several, "total")
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "7")
    try:
        df = spark.range(100).coalesce(1).selectExpr("'w' word", "id n")
        assert df.mapInArrow(k, k.ddl).collect() == [(100, 4950)]
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")


def test_columns_may_be_declared_in_another_order(spark, several, pairs):
    k = shipped(spark, several, "twice")
    made = pairs.mapInArrow(k, "twice BIGINT, word STRING")
    assert made.columns == ["twice", "word"]
    assert made.agg({"twice": "sum", "word": "max"}).collect()[0][0] == 90
    grouped = pairs.groupBy("word").applyInArrow(k, "twice BIGINT, word STRING")
    assert grouped.agg({"twice": "sum"}).collect() == [(90,)]


@pytest.mark.parametrize("ddl", ["word STRING", "word STRING, n BIGINT", "word BIGINT, twice INT"])
def test_another_output_is_refused_before_the_job(spark, several, pairs, ddl):
    k = shipped(spark, several, "twice")
    with pytest.raises(ferrule.SchemaError) as failed:
        pairs.mapInArrow(k, ddl)
    assert "needed:" in str(failed.value) and "given:" in str(failed.value)


@pytest.mark.parametrize(
    "columns, fault",
    [
        (["n", "word"], "`n`: stands where `word`"),
        (["word"], "`n`: is missing"),
        (["word", "n", "n as m"], "`m`"),
        (["word", "cast(n as int) n"], "is INT, BIGINT is needed"),
    ],
)
def test_another_input_is_refused_before_the_job(spark, several, pairs, columns, fault):
    k = load(several, "twice")
    other = pairs.selectExpr(*columns)
    for start in (
        lambda: other.mapInArrow(k, k.ddl),
        lambda: other.groupBy().applyInArrow(k, k.ddl),
    ):
        with pytest.raises(ferrule.SchemaError) as failed:
            start()
        assert fault in str(failed.value)
        assert "needed: `word` STRING, `n` BIGINT" in str(failed.value)


def test_names_are_compared_as_spark_compares_them(spark, several, pairs):
    k = shipped(spark, several, "twice")
    upper = pairs.selectExpr("word as WORD", "n as N")
    assert upper.mapInArrow(k, k.ddl).count() == 10
    with pytest.raises(ferrule.SchemaError, match="WORD"):
        k.check(upper, strict=True)


def test_groups(spark, several, pairs):
    k = shipped(spark, several, "total")
    made = pairs.groupBy("word").applyInArrow(k, k.ddl)
    assert sorted(made.collect()) == [(3, 12), (3, 15), (4, 18)]


def test_cogroups(spark, several, pairs):
    sides = shipped(spark, several, "count_sides")
    sums = spark.sql("select id rows, id % 2 sum from range(6)")
    left, right = pairs.groupBy("n"), sums.groupBy("rows")
    made = left.cogroup(right).applyInArrow(sides, sides.ddl).collect()
    assert sorted(made) == [(1, 0)] * 4 + [(1, 1)] * 6
    with pytest.raises(ferrule.SchemaError, match="input 1"):
        left.cogroup(left).applyInArrow(sides, sides.ddl)


def test_a_failing_row_fails_the_task_with_its_message(spark, several):
    k = shipped(spark, several, "twice")
    df = spark.range(10).coalesce(1).selectExpr("if(id = 7, 'bad', 'good') word", "id n")
    with pytest.raises(PythonException, match="kernel twice: row 7 .*: the word is bad"):
        df.mapInArrow(k, k.ddl).collect()


def test_invalid_text_fails_the_task(spark, several):
    k = shipped(spark, several, "as_text")
    df = spark.sql("select unhex('FF') bytes")
    with pytest.raises(PythonException, match="kernel as_text: output: row 0: .*not UTF-8"):
        df.mapInArrow(k, k.ddl).collect()


def test_a_null_where_none_may_be_is_told_by_name(spark, every_type):
    every_type.ship(spark)
    df = of_every_type(spark, 3).selectExpr(
        *(f"`{c}`" if c != "id" else "nullif(id, 1) id"
          for c in every_type.schema.names)
    )  # fmt: skip
    with pytest.raises(PythonException, match="kernel every_type: input: row .*id.*null"):
        df.mapInArrow(every_type, every_type.ddl).collect()


def test_large_types(spark, several, pairs):
    k = shipped(spark, several, "twice")
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    try:
        assert pairs.mapInArrow(k, k.ddl).agg({"twice": "sum"}).collect() == [(90,)]
        assert pairs.groupBy("word").applyInArrow(k, k.ddl).count() == 10
    finally:
        spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")


def test_what_was_not_shipped_says_how_to_ship_it(spark, several, pairs, tmp_path):
    copy = tmp_path / "copy.so"
    copy.write_bytes(pathlib.Path(several).read_bytes() + b"\0")
    k = load(copy, "twice")
    copy.unlink()
    with pytest.raises(PythonException, match=r"not on this machine .*k\.ship\(spark\)"):
        pairs.mapInArrow(k, k.ddl).collect()


def test_a_shipped_library_is_found_without_the_original(spark, several, pairs, tmp_path):
    copy = tmp_path / "original.so"
    copy.write_bytes(pathlib.Path(several).read_bytes() + b"\0\0")
    k = load(copy, "twice").ship(spark).ship(spark)
    copy.unlink()
    assert pairs.mapInArrow(k, k.ddl).count() == 10


def test_map_in_arrow_ships_by_itself(spark, several, pairs):
    made = ferrule.spark.map_in_arrow(pairs, load(several, "twice"))
    assert made.agg({"twice": "sum"}).collect() == [(90,)]


def test_inside_the_jvm(spark, several, pairs):
    k = load(several, "twice")
    made = ferrule.spark.map_in_native(pairs, k, batch_rows=3)
    assert sorted(made.collect()) == sorted(pairs.mapInArrow(k, k.ddl).collect())
    total = load(several, "total", options={"step": 5})
    sums = ferrule.spark.map_in_native(pairs.coalesce(1), total)
    assert sums.collect() == [(50, 45)]
    other = ferrule.spark.map_in_native(pairs, k.declared("twice BIGINT, word STRING"))
    assert other.columns == ["twice", "word"]
    with pytest.raises(ferrule.SchemaError, match="`n`: is missing"):
        ferrule.spark.map_in_native(pairs.select("word"), k)


def test_every_type_inside_the_jvm(spark, every_type):
    given = of_every_type(spark, 200).persist()
    made = ferrule.spark.map_in_native(given, every_type)
    assert made.schema == every_type.struct_type
    assert told_apart(made).exceptAll(told_apart(given)).count() == 0
    assert made.count() == 200
    given.unpersist()


def test_other_functions_are_left_alone(spark, pairs):
    assert pairs.mapInArrow(lambda batches: batches, "word STRING, n BIGINT").count() == 10
    grouped = pairs.groupBy("word").applyInArrow(lambda table: table, "word STRING, n BIGINT")
    assert grouped.count() == 10


def test_a_kernel_is_small_to_send(several):
    assert len(pickle.dumps(load(several, "twice"))) < 1000


LATE = """
import sys, ferrule
k = ferrule.kernel.load(sys.argv[1], "twice")
assert "pyspark" not in sys.modules
import pyspark.sql
from pyspark.sql.pandas.map_ops import PandasMapOpsMixin
k.ddl
assert hasattr(PandasMapOpsMixin.mapInArrow, "_ferrule_checks")
assert callable(ferrule.spark.map_in_native) and not hasattr(ferrule, "none")
"""


def test_pyspark_may_be_imported_later(several):
    subprocess.run([sys.executable, "-c", LATE, several], check=True)
