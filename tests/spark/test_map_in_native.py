"""Kernels inside the JVM: values, plans, failures, memory."""

import contextlib
import pathlib
import re

import pytest
from native_kernels import alive, build, map_in_native, metrics

FLAT = """
    id % 3 = 0 a, cast(id % 100 - 50 AS TINYINT) b, cast(-id AS SMALLINT) c, cast(id * 7 AS INT) d,
    id * 1000000007 e, cast(id / 3 AS FLOAT) f, if(id = 5, double('NaN'), id / 7) g,
    cast(id - 50 AS DECIMAL(9, 2)) h,
    cast(if(id % 2 = 0, 1, -1) * pow(10, id % 28) AS DECIMAL(38, 10)) i,
    repeat(concat('ä', id), cast(id % 40 AS INT)) j,
    encode(repeat('z', cast(id % 9 AS INT)), 'utf-8') k,
    date_add(DATE'1969-12-01', cast(id AS INT)) l, timestamp_micros(id * -86399999999) m,
    make_dt_interval(cast(id AS INT), 1, 2, -id / 3) n, id `o ``o`` ö`, id p
"""
NESTED = """
    transform(sequence(1, id % 70), x -> if(x % 5 = 0, null, cast(x AS INT))) a,
    transform(sequence(1, id % 70), x -> x % 2 = 0) b,
    transform(sequence(1, id % 3), x -> repeat('é', cast(x AS INT))) c,
    transform(sequence(1, id % 4), x -> cast(if(x = 2, null, x - id) AS DECIMAL(30, 3))) d,
    map_from_arrays(transform(sequence(1, id % 4), x -> concat('k', x)),
                    transform(sequence(1, id % 4), x -> if(x = 3, null, x))) e,
    transform(sequence(1, id % 3), y -> transform(sequence(1, y), x -> concat(x, '/', y))) f,
    map(cast(id AS INT), map('deep', id)) g,
    named_struct('x', cast(id AS INT), 'y', array('a', null, concat('b', id)),
                 'z', cast(if(id % 2 = 0, id, null) AS DECIMAL(20, 0))) h,
    transform(sequence(1, id % 3), x -> named_struct('x', cast(x AS INT), 'y', array('q'),
              'z', cast(x AS DECIMAL(20, 0)))) i
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    return {name: build(name, folder) for name in ("pass", "work")}


def frame_of(spark, columns, n=200, slices=4):
    """Rows of an expression each, every fourth null in all columns but the last."""
    rows = spark.range(1, n + 1, 1, slices).selectExpr("*", *_split(columns))
    names = rows.columns[1:]
    kept = [
        f"if(id % 4 = 0, null, `{n.replace('`', '``')}`) `{n.replace('`', '``')}`"
        for n in names
        if n != "p"
    ]
    return rows.selectExpr(*kept, *(["p"] if "p" in names else []))


def _split(text):
    """The expressions between commas that are in no bracket."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def differing(one, other):
    """Rows of one that the other lacks and the reverse, found by Spark."""
    return one.exceptAll(other).count(), other.exceptAll(one).count()


@pytest.mark.matrix
def test_every_flat_type_comes_back(spark, libraries):
    rows = frame_of(spark, FLAT)
    passed = map_in_native(rows, libraries["pass"], "pass_flat", {"ferrule.batchRows": "7"})
    assert passed.columns == rows.columns
    assert differing(passed, rows) == (0, 0)
    assert alive(spark) == [0, 0, 0, 0]


def nested_frame(spark):
    return frame_of(spark, NESTED)


def comparable(frame):
    """Maps cannot be compared by Spark: their entries can."""
    return frame.selectExpr(
        "a", "b", "c", "d", "map_entries(e) e", "f",
        "transform(map_entries(g), x -> named_struct('k', x.key, 'v', map_entries(x.value))) g",
        "h", "i",
    )  # fmt: skip


@pytest.mark.matrix
def test_nested_types_come_back(spark, libraries):
    rows = nested_frame(spark)
    passed = map_in_native(rows, libraries["pass"], "pass_nested", {"ferrule.batchRows": "11"})
    assert differing(comparable(passed), comparable(rows)) == (0, 0)


@pytest.fixture
def time_type(spark):
    spark.conf.set("spark.sql.timeType.enabled", "true")
    yield
    spark.conf.unset("spark.sql.timeType.enabled")


@contextlib.contextmanager
def interpreted(spark):
    """Without generated code: rows are copied, not collected column by column."""
    conf = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    for key, value in conf.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in conf:
            spark.conf.unset(key)


@pytest.mark.matrix
def test_without_generated_code_rows_are_copied(spark, libraries):
    with interpreted(spark):
        rows = frame_of(spark, FLAT)
        passed = map_in_native(rows, libraries["pass"], "pass_flat", {"ferrule.batchRows": "7"})
        assert differing(passed, rows) == (0, 0)


@pytest.mark.matrix
def test_code_is_generated_outside_of_whole_stages_too(spark, libraries):
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    try:
        rows = frame_of(spark, FLAT)
        passed = map_in_native(rows, libraries["pass"], "pass_flat", {"ferrule.batchRows": "7"})
        assert differing(passed, rows) == (0, 0)
        counted = map_in_native(
            spark.range(0, 100, 1, 1).selectExpr("id n"), libraries["work"], "count",
            {"ferrule.batchRows": "30"},
        )  # fmt: skip
        seen = counted.first()
        assert (seen["row_count"], seen["batch_count"], seen["largest_batch"]) == (100, 4, 30)
    finally:
        spark.conf.unset("spark.sql.codegen.wholeStage")


@pytest.mark.matrix
def test_rows_that_one_row_becomes_are_no_larger_batches(spark, libraries):
    """An explode goes on after a batch is full: what it adds waits in batches of its own."""
    rows = spark.range(0, 10, 1, 2).selectExpr("explode(sequence(0, id * 1000)) n")
    counted = map_in_native(rows, libraries["work"], "count", {"ferrule.batchRows": "100"})
    seen = counted.collect()
    assert sum(row.row_count for row in seen) == rows.count() == 45_010
    assert max(row.largest_batch for row in seen) == 100
    scaled = rows.selectExpr("n id", "concat('n', n) s", "n * 0.5D d")
    ours = map_in_native(scaled, libraries["work"], "scale", {"ferrule.batchRows": "33"})
    assert differing(ours, scaled.selectExpr("upper(s) u", "d * 1.5D + id v")) == (0, 0)
    assert alive(spark) == [0, 0, 0, 0]


@pytest.mark.matrix
def test_sources_of_rows_of_every_kind(spark, libraries, tmp_path):
    """Columnar scans, shuffles, sorts, aggregates, limits, joins and kernels below a kernel."""
    spark.range(0, 5000, 1, 3).selectExpr(
        "if(id % 11 = 0, null, id) id", "concat('n', id % 40) s", "if(id % 7 = 0, null, id / 2) d"
    ).write.parquet(str(tmp_path / "in"))
    rows = spark.read.parquet(str(tmp_path / "in"))
    others = rows.selectExpr("id other")
    joined = rows.join(others, rows["id"] == others["other"]).selectExpr("other id", "s", "d")
    highest = rows.groupBy("s").agg({"id": "max", "d": "min"})
    for below in (
        rows,
        rows.repartition(3),
        rows.orderBy("id").limit(1000),
        highest.selectExpr("`max(id)` id", "s", "`min(d)` d"),
        joined,
        rows.unionAll(rows).coalesce(1),
    ):
        ours = map_in_native(below, libraries["work"], "scale", {"ferrule.batchRows": "100"})
        twice = map_in_native(
            ours.selectExpr("cast(v as bigint) id", "u s", "v d"), libraries["work"], "scale"
        )
        once = below.selectExpr("upper(s) u", "d * 1.5D + id v")
        again = once.selectExpr("u", "v * 1.5D + cast(v as bigint) v")
        assert differing(twice, again) == (0, 0)
    assert alive(spark) == [0, 0, 0, 0]


@pytest.mark.matrix
@pytest.mark.parametrize("kernel", ["flat", "nested"])
def test_rows_are_sparks_own_byte_by_byte(spark, libraries, kernel):
    """So that they may be hashed and compared as bytes."""
    rows = frame_of(spark, FLAT, slices=1) if kernel == "flat" else nested_frame(spark).coalesce(1)
    passed = map_in_native(rows, libraries["pass"], f"pass_{kernel}")
    theirs, ours = (
        [
            bytes(row.getBytes())
            for row in frame._jdf.queryExecution().executedPlan().executeCollect()
        ]
        for frame in (rows, passed)
    )
    assert len(theirs) == 200
    for row, (their, our) in enumerate(zip(theirs, ours, strict=True)):
        assert their.hex(" ", 8) == our.hex(" ", 8), f"row {row}"


def test_newer_types_come_back(spark, libraries, time_type):
    rows = spark.range(1, 60, 1, 3).selectExpr(
        "parse_json(concat('{\"a\": [', id, ', \"x\"]}')) a",
        "array(parse_json(cast(id AS STRING)), null) b",
        "cast(concat('0', id % 10, ':00:00.', 100000 + id) AS TIME(6)) c",
        "cast(timestamp_micros(id * 12345678901) AS TIMESTAMP_NTZ) d",
        "concat('Ä', id) COLLATE UNICODE_CI e",
    )
    rows = rows.selectExpr("if(c < TIME'02:00:00', a, null) a", "b", "c", "d", "e")
    passed = map_in_native(rows, libraries["pass"], "pass_newer")
    assert passed.schema.simpleString() == rows.schema.simpleString()
    texts = ["to_json(a) a", "transform(b, x -> to_json(x)) b", "c", "d", "e COLLATE UTF8_BINARY e"]
    assert differing(passed.selectExpr(*texts), rows.selectExpr(*texts)) == (0, 0)


@pytest.mark.parametrize("kernel", ["flat", "nested"])
def test_a_batch_that_begins_at_an_offset_is_its_rows(spark, libraries, kernel):
    rows = frame_of(spark, FLAT, slices=1) if kernel == "flat" else nested_frame(spark).coalesce(1)
    kept = map_in_native(rows, libraries["pass"], f"tail_{kernel}", {"ferrule.batchRows": "40"})
    whole = rows.rdd.zipWithIndex().filter(lambda pair: pair[1] % 40).map(lambda pair: pair[0])
    assert str(kept.collect()) == str(whole.collect())


@pytest.mark.matrix
def test_equals_the_built_in_expressions(spark, libraries):
    rows = spark.range(0, 100_000, 1, 7).selectExpr(
        "if(id % 11 = 0, null, id) id", "concat('name-', id) s", "if(id % 13 = 0, null, id / 3) d"
    )
    ours = map_in_native(rows, libraries["work"], "scale")
    theirs = rows.selectExpr("upper(s) u", "d * 1.5D + id v")
    assert differing(ours, theirs) == (0, 0)


@pytest.mark.matrix
def test_a_kernel_is_a_node_like_any_other(spark, libraries):
    rows = spark.range(0, 1000, 1, 4).selectExpr("id", "concat('n', id % 10) s", "id / 2 d")
    scaled = map_in_native(rows, libraries["work"], "scale")
    assert scaled.count() == 1000  # no column is asked for
    assert scaled.select("v").where("v > 1000").count() == 428
    assert scaled.groupBy("u").count().orderBy("u").first()["u"] == "N0"
    assert scaled.join(scaled, "v").count() == 1000  # the same node twice
    assert scaled.limit(3).count() == 3
    cached = scaled.cache()
    assert cached.count() == cached.count() == 1000
    cached.unpersist()
    scaled.createOrReplaceTempView("scaled")
    assert spark.sql("SELECT count(*) n FROM scaled WHERE u = 'N3'").first()["n"] == 100
    again = map_in_native(
        scaled.selectExpr("cast(v AS BIGINT) id", "u s", "v d"), libraries["work"], "scale"
    )
    assert again.where("v IS NOT NULL").count() == 1000
    assert alive(spark) == [0, 0, 0, 0]


@pytest.mark.matrix
def test_streams(spark, libraries, start, tmp_path):
    spark.range(0, 500).write.parquet(str(tmp_path / "in"))
    rows = spark.readStream.schema("id BIGINT").parquet(str(tmp_path / "in"))
    rows = rows.selectExpr("id", "concat('n', id) s", "1.0D d")
    got = []
    writer = map_in_native(rows, libraries["work"], "scale").writeStream
    query = start(
        writer.foreachBatch(lambda frame, n: got.extend(frame.collect())).trigger(availableNow=True)
    )
    assert query.awaitTermination(120)
    assert sorted(row.v for row in got) == [1.5 + i for i in range(500)]


@pytest.mark.matrix
def test_what_an_instance_sees_and_its_metrics(spark, libraries):
    rows = spark.range(0, 100_000, 1, 3).selectExpr("id n")
    counted = map_in_native(
        rows, libraries["work"], "count", {"ferrule.batchRows": "1000", "times": "2"}
    )
    seen = counted.collect()  # one instance a partition, ended by finish
    assert [row.row_count for row in seen] == [66666, 66666, 66668]
    assert all(row.batch_count == 34 and row.largest_batch == 1000 for row in seen)
    node = metrics(counted)
    assert node["numInputRows"] == 100_000 and node["numOutputRows"] == 3
    assert node["numInputBatches"] == 102
    assert node["inputBytes"] == 100_000 * 8


@pytest.mark.matrix
def test_batches_are_bounded_in_bytes(spark, libraries):
    rows = spark.range(0, 100_000, 1, 1).selectExpr("id n")
    counted = map_in_native(rows, libraries["work"], "count", {"ferrule.batchBytes": "4800"})
    assert counted.first()["largest_batch"] == 600
    if spark.version.startswith("3.3"):
        return  # does without generated code in its own tests only
    # rows that are copied have a frame, a bitmap and a word each
    copied = map_in_native(rows, libraries["work"], "count", {"ferrule.batchBytes": "4800"})
    with interpreted(spark):
        assert copied.first()["largest_batch"] == 200


@pytest.mark.matrix
def test_more_and_fewer_rows_than_came(spark, libraries):
    rows = spark.sql("SELECT * FROM VALUES (0L), (3L), (200000L), (1L) AS t(n)")
    repeated = map_in_native(rows, libraries["work"], "repeat")
    assert repeated.count() == 200_004
    assert repeated.selectExpr("max(n) n").first()["n"] == 199_999
    nothing = spark.range(10).where("id > 100").selectExpr("id n")  # partitions without rows
    assert map_in_native(nothing, libraries["work"], "repeat").count() == 0
    assert (
        map_in_native(nothing, libraries["work"], "count")
        .selectExpr("sum(row_count) n")
        .first()["n"]
        == 0
    )


def test_large_texts_come_out_row_by_row(spark, libraries):
    sizes = [0, 1, 1 << 20, 40 << 20, 7, 40 << 20]
    rows = spark.createDataFrame([(n,) for n in sizes], "n BIGINT NOT NULL").coalesce(1)
    blown = map_in_native(rows, libraries["work"], "blow_up")
    assert [r.n for r in blown.selectExpr("octet_length(text) n").collect()] == sizes
    back = blown.selectExpr("0L id", "text s", "1D d")
    with pytest.raises(Exception, match="row 2 .*s is too long"):
        map_in_native(back, libraries["work"], "scale").collect()


@pytest.mark.matrix
def test_an_error_fails_the_task_with_its_message_and_row(spark, libraries):
    rows = spark.range(0, 100_000, 1, 2).selectExpr("id", "'x' s", "1D d")
    failing = map_in_native(rows, libraries["work"], "refuse")
    with pytest.raises(Exception) as failure:
        failing.collect()
    assert "kernel refuse: row 41234 " in str(failure.value)
    assert "id 41234 is refused" in str(failure.value)
    assert alive(spark) == [0, 0, 0, 0]


@pytest.mark.matrix
@pytest.mark.parametrize("way", [contextlib.nullcontext, interpreted])
def test_a_null_where_none_is_declared_names_kernel_column_and_row(spark, libraries, way):
    with way(spark):
        rows = spark.range(0, 5000, 1, 1).selectExpr("if(id = 4321, null, id) n")
        counted = map_in_native(rows, libraries["work"], "count", {"ferrule.batchRows": "1000"})
        with pytest.raises(Exception) as failure:
            counted.collect()
    wrong = 'kernel count: rows: row 321: column "n": null, but declared NOT NULL'
    assert wrong in str(failure.value)


@pytest.mark.matrix
def test_what_does_not_fit_is_told_before_a_job(spark, libraries):
    rows = spark.range(3).selectExpr("'x' s", "id", "1D d")
    with pytest.raises(Exception) as failure:
        map_in_native(rows, libraries["work"], "scale")
    text = str(failure.value)
    assert "needed: `id` BIGINT, `s` STRING, `d` DOUBLE" in text and "given: " in text
    numbers = spark.range(3).selectExpr("id n")
    for kernel, options, says in (
        ("count", {"times": "x"}, "option times is x"),
        ("count", {"tmies": "1"}, "tmies"),
        ("count", {"ferrule.batchRow": "1"}, 'no option "ferrule.batchRow"'),
        ("count", {"ferrule.batchRows": "0"}, "not within 1 and"),
        ("count", {"ferrule.batchBytes": "4x"}, "is no size"),
        ("cuont", {}, "count"),
    ):
        with pytest.raises(Exception, match=re.escape(says)):
            map_in_native(numbers, libraries["work"], kernel, options)
    with pytest.raises(Exception, match="neither a file here nor one that was shipped"):
        map_in_native(numbers, "/nowhere/libx.so", "count")


def test_a_library_that_was_changed_is_not_loaded(spark, libraries, tmp_path):
    library = tmp_path / "libown.so"
    library.write_bytes(pathlib.Path(libraries["work"]).read_bytes() + b"own")
    counted = map_in_native(spark.range(9).selectExpr("id n"), str(library), "count")
    assert counted.count() > 0
    shipped = spark._jvm.org.apache.spark.SparkFiles.getRootDirectory()
    (copy,) = pathlib.Path(shipped).glob("libown-*.so")
    copy.chmod(0o755)
    copy.write_bytes(copy.read_bytes() + b"!")
    with pytest.raises(Exception, match="it is not loaded"):
        counted.collect()


@pytest.mark.matrix
def test_a_shipped_file_is_found_by_its_name(spark, libraries, tmp_path):
    library = tmp_path / "libshipped.so"
    library.write_bytes(pathlib.Path(libraries["work"]).read_bytes())
    spark.sparkContext.addFile(str(library))
    counted = map_in_native(spark.range(9).selectExpr("id n"), "libshipped.so", "count")
    assert counted.selectExpr("sum(row_count) n").first()["n"] == 9


def test_memory_is_bounded_by_the_batch(spark, libraries):
    jvm = spark._jvm
    pid = jvm.java.lang.ProcessHandle.current().pid()

    def resident_mb():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def run(n):
        rows = spark.range(0, n, 1, 2).selectExpr("id", "repeat('x', 200) s", "1D d")
        map_in_native(rows, libraries["work"], "scale").write.format("noop").mode(
            "overwrite"
        ).save()

    run(100_000)
    jvm.System.gc()
    before = resident_mb()
    run(3_000_000)  # 800 MB of rows, and as much again in batches
    jvm.System.gc()
    grown = resident_mb() - before
    assert grown < 300, f"{grown:.0f} MB more"
    assert alive(spark) == [0, 0, 0, 0]
