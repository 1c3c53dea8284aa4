"""Arrow IPC between Ferrule and pyarrow, both ways."""

import datetime
import decimal
import io

import pyarrow as pa
import pyarrow.ipc
import pytest
from support.arrow_library import FerruleError

CODECS = {None: 0, "lz4": 1, "zstd": 2}


def some(values, count=23):
    """The values over and over, with a null after each five."""
    return [None if i % 6 == 5 else values[i % len(values)] for i in range(count)]


def columns_both_sides_write():
    day = datetime.date(2024, 2, 29)
    at = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)
    utc = at.replace(tzinfo=datetime.timezone.utc)
    nested = pa.struct([pa.field("x", pa.int32(), nullable=False), ("y", pa.list_(pa.string()))])
    return {
        "bool": pa.array(some([True, False, True])),
        "int8": pa.array(some([-128, 127]), pa.int8()),
        "int16": pa.array(some([-32768, 32767]), pa.int16()),
        "int32": pa.array(some([-(2**31), 2**31 - 1]), pa.int32()),
        "int64": pa.array(some([-(2**63), 2**63 - 1]), pa.int64()),
        "uint16": pa.array(some([0, 65535]), pa.uint16()),
        "float": pa.array(some([1.5, float("inf"), -0.0]), pa.float32()),
        "double": pa.array(some([1e300, -1e-300]), pa.float64()),
        "decimal": pa.array(some([decimal.Decimal("-1.25")]), pa.decimal128(38, 2)),
        "decimal256": pa.array(some([decimal.Decimal("7")]), pa.decimal256(50, 0)),
        "string": pa.array(some(["", "ä日😀", "x" * 1000])),
        "large_string": pa.array(some(["", "large"]), pa.large_string()),
        "binary": pa.array(some([b"", b"\0\xff"])),
        "fixed_binary": pa.array(some([b"abc", b"def"]), pa.binary(3)),
        "date": pa.array(some([day])),
        "timestamp": pa.array(some([utc]), pa.timestamp("us", "UTC")),
        "timestamp_ntz": pa.array(some([at]), pa.timestamp("us")),
        "time": pa.array(some([at.time()]), pa.time64("ns")),
        "duration": pa.array(some([datetime.timedelta(days=-1, microseconds=5)])),
        "null": pa.nulls(23),
        "list": pa.array(some([[1, None, 3], [], [4]]), pa.list_(pa.int64())),
        "large_list": pa.array(some([[True], []]), pa.large_list(pa.bool_())),
        "fixed_list": pa.array(some([[1, 2], [3, None]]), pa.list_(pa.int8(), 2)),
        "map": pa.array(some([[("k", "v"), ("l", None)], []]), pa.map_("string", "string")),
        "struct": pa.array(some([{"x": 1, "y": ["a", None]}, {"x": 2, "y": None}]), nested),
    }


def batches():
    """Whole ones, one without rows, and slices that begin within a byte of a bitmap."""
    whole = pa.RecordBatch.from_pydict(columns_both_sides_write())
    return whole.schema, [whole, whole.slice(0, 0), whole.slice(3, 11), whole.slice(8)]


def by_pyarrow(schema, written, file_format, codec):
    out = io.BytesIO()
    new = pa.ipc.new_file if file_format else pa.ipc.new_stream
    with new(out, schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        for batch in written:
            writer.write_batch(batch)
    return out.getvalue()


def read_by_pyarrow(data, file_format):
    if not file_format:
        with pa.ipc.open_stream(data) as reader:
            return reader.schema, list(reader)
    with pa.ipc.open_file(data) as reader:
        return reader.schema, [reader.get_batch(i) for i in range(reader.num_record_batches)]


def check(got, want):
    schema, batches = got
    assert schema.equals(want[0], check_metadata=True)
    assert len(batches) == len(want[1])
    for batch, expected in zip(batches, want[1], strict=True):
        batch.validate(full=True)
        assert batch.equals(expected)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("file_format", [False, True])
def test_pyarrow_reads_what_ferrule_writes(ferrule, file_format, codec):
    schema, written = batches()
    data = ferrule.write_ipc(schema, written, file_format, CODECS[codec])
    check(read_by_pyarrow(data, file_format), (schema, written))
    plain = ferrule.write_ipc(schema, written, file_format)
    assert codec is None or len(data) < len(plain)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("file_format", [False, True])
def test_ferrule_reads_what_pyarrow_writes(ferrule, file_format, codec):
    schema, written = batches()
    data = by_pyarrow(schema, written, file_format, codec)
    check(ferrule.read_ipc(data), (schema, written))


@pytest.mark.parametrize("file_format", [False, True])
def test_types_that_are_only_read(ferrule, file_format):
    table = pa.RecordBatch.from_pydict(
        {
            "dictionary": pa.array(some(["a", "b", "c"])).dictionary_encode(),
            "nested": pa.array(some([["a"], ["b", "a"]])).cast(
                pa.list_(pa.dictionary(pa.int8(), pa.string()))
            ),
        }
    )
    data = by_pyarrow(table.schema, [table], file_format, None)
    check(ferrule.read_ipc(data), (table.schema, [table]))
    with pytest.raises(FerruleError, match='"dictionary"'):
        ferrule.write_ipc(table.schema, [table])


def test_metadata_is_kept(ferrule):
    field = pa.field("a", pa.int32(), metadata={"comment": "c", "k": ""})
    schema = pa.schema([field], metadata={"of": "the schema"})
    for file_format in (False, True):
        data = ferrule.write_ipc(schema, [], file_format)
        check(read_by_pyarrow(data, file_format), (schema, []))
        check(ferrule.read_ipc(data), (schema, []))


def test_views_are_refused_by_name(ferrule):
    data = by_pyarrow(pa.schema([("v", pa.string_view())]), [], False, None)
    with pytest.raises(FerruleError, match="Utf8View"):
        ferrule.read_ipc(data)
