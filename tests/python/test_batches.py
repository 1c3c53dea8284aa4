"""Batches in and out of Python, with every Arrow library that speaks capsules."""

import decimal
import struct
import threading

import duckdb
import ferrule
import nanoarrow
import polars
import pyarrow as pa
import pytest


def some():
    return pa.record_batch(
        {
            "n": pa.array([1, None, 3, 4], pa.int64()),
            "s": pa.array(["a", "", None, "größer"], pa.string()),
            "l": pa.array([[1, 2], None, [], [3]], pa.list_(pa.int32())),
            "d": pa.array([decimal.Decimal("1.50")] * 4, pa.decimal128(9, 2)),
        }
    )


def shapes():
    """Batches whose buffers are laid out in the ways that the format allows."""
    whole = some()
    yield "whole", whole
    yield "sliced", whole.slice(1, 2)
    yield "offset to its end", whole.slice(4)
    yield "without rows", whole.slice(0, 0)
    yield "without columns", pa.record_batch([], names=[]).slice(0, 0)
    yield "without nulls", pa.record_batch({"n": pa.array([1, 2]), "s": pa.array(["x", "y"])})
    yield (
        "only nulls",
        pa.record_batch({"n": pa.nulls(3, pa.int64()), "s": pa.nulls(3, pa.string())}),
    )
    rows = pa.StructArray.from_arrays(whole.slice(1).columns, whole.schema.names).slice(1)
    yield "children offset within", pa.RecordBatch.from_struct_array(rows)
    yield (
        "views",
        pa.record_batch({"s": pa.array(["long enough for a view", None], pa.string_view())}),
    )
    yield "dictionary", pa.record_batch({"s": pa.array(["a", "b", "a"]).dictionary_encode()})


SHAPES = dict(shapes())


@pytest.mark.parametrize("shape", SHAPES)
def test_pyarrow_gets_back_what_it_gave(shape):
    given = SHAPES[shape]
    batch = ferrule.Batch(given)
    assert (len(batch), batch.num_rows) == (given.num_rows, given.num_rows)
    for _ in range(3):  # exports are repeatable
        assert pa.record_batch(batch).equals(given, check_metadata=True)
    assert pa.table(batch).combine_chunks().equals(pa.table(given).combine_chunks())
    pa.record_batch(batch).validate(full=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_exports_outlive_the_batch(shape):
    batch = ferrule.Batch(SHAPES[shape])
    exported = pa.record_batch(batch)
    reader = pa.RecordBatchReader.from_stream(batch)
    del batch
    assert exported.equals(SHAPES[shape])
    assert reader.read_all().num_rows == SHAPES[shape].num_rows


@pytest.mark.parametrize("first, rows", [(0, -1), (1, 2), (3, -1), (4, 0), (0, 0)])
def test_slices_share(first, rows):
    end = 4 if rows < 0 else first + rows
    part = ferrule.Batch(some().slice(0)).slice(first, rows)
    assert pa.record_batch(part).equals(some().slice(first, end - first))
    assert pa.record_batch(part.slice(0)).equals(some().slice(first, end - first))


@pytest.mark.parametrize("first, rows", [(-1, 1), (5, 0), (3, 2), (0, 5)])
def test_slices_stay_inside(first, rows):
    with pytest.raises(ferrule.Error, match="rows"):
        ferrule.Batch(some()).slice(first, rows)


def test_polars():
    frame = polars.DataFrame(ferrule.Batch(some().select(["n", "s", "l"])))
    assert frame.rows() == [(1, "a", [1, 2]), (None, "", None), (3, None, []), (4, "größer", [3])]
    stream = pa.RecordBatchReader.from_stream(frame)
    (back,) = [ferrule.Batch(b) for b in stream]
    assert polars.DataFrame(back).equals(frame)


def test_nanoarrow():
    given = nanoarrow.Array(ferrule.Batch(some().select(["n", "s"])))
    assert [tuple(row.values()) for row in given.iter_py()][:2] == [(1, "a"), (None, "")]
    assert pa.record_batch(ferrule.Batch(given)).equals(some().select(["n", "s"]))


def test_duckdb_scans_a_batch_again_and_again():
    con = duckdb.connect()
    relation = con.from_arrow(ferrule.Batch(some()))
    for _ in range(2):
        assert relation.aggregate("sum(n), count(s)").fetchall() == [(8, 3)]
    assert con.sql("select sum(a.n) from relation a join relation b using (n)").fetchall() == [(8,)]
    con.close()


def test_capsules_are_taken_as_they_are():
    assert pa.record_batch(ferrule.Batch(some().__arrow_c_array__())).equals(some())


def test_a_capsule_is_consumed_once():
    capsules = some().__arrow_c_array__()
    ferrule.Batch(capsules)
    with pytest.raises(ValueError, match="consumed before"):
        ferrule.Batch(capsules)


def test_an_unused_capsule_gives_back_its_batch():
    batch = ferrule.Batch(some())
    batch.__arrow_c_array__()
    batch.__arrow_c_stream__()
    batch.__arrow_c_schema__()


@pytest.mark.parametrize("given", [None, 1, "n INT", (1, 2), (None,), object(), [some()]])
def test_what_is_no_batch_is_refused(given):
    with pytest.raises((TypeError, ValueError)):
        ferrule.Batch(given)


def test_a_column_alone_is_refused():
    with pytest.raises((ferrule.Error, ValueError), match="struct"):
        ferrule.Batch(pa.array([1, 2]))


def labelled(ddl, *columns):
    """Columns that are said to be of a schema, whether they are or not."""
    names = [str(i) for i in range(len(columns))]
    schema = ferrule.Schema.from_ddl(ddl).__arrow_c_schema__()
    return schema, pa.record_batch(list(columns), names=names).__arrow_c_array__()[1]


BACKWARDS = [None, pa.py_buffer(struct.pack("3i", 0, 5, 2)), pa.py_buffer(b"hello")]


@pytest.mark.parametrize(
    "ddl, columns",
    [
        ("c STRING", [pa.Array.from_buffers(pa.string(), 2, BACKWARDS)]),
        ("c STRING", [pa.array([1, 2])]),
        ("c BIGINT, d BIGINT", [pa.array([1, 2])]),
        ("c BIGINT", [pa.array([1, 2]), pa.array([1, 2])]),
        ("c STRUCT<d: INT>", [pa.array([1, 2])]),
        ("c ARRAY<INT>", [pa.array([1, 2])]),
    ],
)
def test_malformed_arrays_are_refused(ddl, columns):
    with pytest.raises(ferrule.Error) as failed:
        ferrule.Batch(labelled(ddl, *columns))
    assert failed.value.status == "FRL_E_INVALID"


NO_TEXT = [None, pa.py_buffer(struct.pack("2i", 0, 1)), pa.py_buffer(b"\xff")]


@pytest.mark.parametrize(
    "array, ddl, fault",
    [
        (pa.array([1, None]), "c BIGINT NOT NULL", "null"),
        (pa.Array.from_buffers(pa.string(), 1, NO_TEXT), "c STRING", "UTF-8"),
    ],
)
def test_validate_looks_at_every_value(array, ddl, fault):
    batch = ferrule.Batch(labelled(ddl, array))
    with pytest.raises(ferrule.Error, match=fault):
        batch.validate()


def test_batches_may_be_exported_and_released_on_any_thread():
    batch = ferrule.Batch(some())
    failures = []

    def export():
        for _ in range(200):
            if not pa.record_batch(batch).equals(some()):
                failures.append("differs")

    threads = [threading.Thread(target=export) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
