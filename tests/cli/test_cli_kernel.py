"""Kernels without Spark: the examples, what does not compile, what does not fit."""

import datetime as dt
import math
import re

import kernel_tools as tools
import pyarrow as pa
import pytest
from ferrule_command import ROOT

EXAMPLES = ROOT / "examples/kernels"
NAMES = ["count_bytes", "geo_distance", "log_lines", "sessions", "upper_scale"]
UTC = dt.timezone.utc


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    return {n: tools.built(EXAMPLES / f"{n}.c", folder, "-O2") for n in NAMES}


@pytest.mark.parametrize("compiler", [tools.C, tools.CXX], ids=["c11", "c++11"])
@pytest.mark.parametrize("name", NAMES)
def test_the_examples_compile_strictly(name, compiler, tmp_path):
    library = tools.built(EXAMPLES / f"{name}.c", tmp_path, *tools.STRICT, compiler=compiler)
    shown = tools.subprocess.run(
        ["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True
    )
    assert [line.split()[-1] for line in shown.stdout.splitlines()] == ["frl_kernel_list_v1"]


def test_describe_shows_the_known_ddl(libraries, ferrule):
    shown = ferrule("kernel", "describe", libraries["count_bytes"]).stdout.decode()
    assert "  input   `col` STRING, `int_col` BIGINT\n" in shown
    assert "`col_bytes` BIGINT NOT NULL COMMENT 'length of col, 0 where it is null'" in shown
    options = ferrule("kernel", "describe", libraries["sessions"]).stdout.decode()
    assert "option  gap_seconds=1800: " in options
    json = ferrule("kernel", "describe", libraries["sessions"], "sessions", "--json")
    assert b'"type":"timestamp","nullable":false' in json.stdout
    assert ferrule("kernel", "describe", libraries["sessions"], "none").returncode == 3


def test_count_bytes(libraries, tmp_path):
    rows = pa.table({"col": ["a", None, "ü"], "int_col": pa.array([1, 2, None], pa.int64())})
    out = tools.run_kernel(libraries["count_bytes"], "count_bytes", rows, tmp_path)
    assert out.drop_columns("col_bytes").equals(rows)
    assert out["col_bytes"].to_pylist() == [1, 0, 2]


def test_upper_scale(libraries, tmp_path):
    rows = pa.table(
        {
            "id": pa.array([1, 2, None, 4], pa.int64()),
            "s": ["az{`AZ", None, "", "grün"],
            "d": [0.1, None, 3.0, -2.5],
        }
    )
    out = tools.run_kernel(libraries["upper_scale"], "upper_scale", rows, tmp_path, rows=3)
    assert out["upper_s"].to_pylist() == ["AZ{`AZ", None, "", "GRüN"]
    assert out["scaled"].to_pylist() == [0.1 * 1.5 + 1, None, None, -2.5 * 1.5 + 4]


def haversine(a, b, c, d):
    a, b, c, d = map(math.radians, (a, b, c, d))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def test_geo_distance(libraries, tmp_path):
    places = [(52.52, 13.405, 48.857, 2.352), (0, 0, 0, 180), (90, 0, -90, 0), (10, 20, 10, 20)]
    names = ["from_lat", "from_lon", "to_lat", "to_lon"]
    columns = {n: [float(p[i]) for p in places] + [None] for i, n in enumerate(names)}
    rows = pa.table({"id": [1, 2, 3, 4, None], **columns})
    out = tools.run_kernel(libraries["geo_distance"], "geo_distance", rows, tmp_path)
    assert out["id"].to_pylist() == [1, 2, 3, 4, None]
    found = out["km"].to_pylist()
    assert found[4] is None
    assert found[:4] == pytest.approx([haversine(*p) for p in places])
    wrong = rows.set_column(1, "from_lat", pa.array([0.0, 0.0, 91.0, 0.0, 0.0]))
    code, said = tools.failure(libraries["geo_distance"], "geo_distance", wrong, tmp_path, rows=2)
    assert code == 2
    assert "row 2 (row 0 of its batch): (91, 0) to (-90, 0)" in said


LINES = [
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',
    '::1 - - [29/Feb/2024:23:59:59 +0530] "-" 408 - "http://x/" "Moz 5"',
    None,
]


def test_log_lines(libraries, tmp_path):
    out = tools.run_kernel(libraries["log_lines"], "log_lines", pa.table({"line": LINES}), tmp_path)
    first, second = out.to_pylist()
    assert first == {
        "host": "127.0.0.1",
        "remote user": "frank",
        "at": dt.datetime(2000, 10, 10, 20, 55, 36, tzinfo=UTC),
        "method": "GET",
        "path": "/a.gif",
        "protocol": "HTTP/1.0",
        "status": 200,
        "bytes": 2326,
        "referer": None,
        "agent": None,
    }
    assert second["at"] == dt.datetime(2024, 2, 29, 18, 29, 59, tzinfo=UTC)
    assert second["path"] is second["bytes"] is second["remote user"] is None
    assert (second["referer"], second["agent"]) == ("http://x/", "Moz 5")


def test_every_prefix_of_a_log_line_is_taken_or_refused(libraries, tmp_path):
    library = libraries["log_lines"]
    prefixes = [LINES[1][:n] for n in range(len(LINES[1]) + 1)]
    rows = pa.table({"line": prefixes})
    skip = ("--set", "bad_lines=skip")
    out = tools.run_kernel(library, "log_lines", rows, tmp_path, *skip, rows=7)
    assert out.num_rows == len(LINES[1]) - LINES[1].index(" - ", 40) - 1
    code, said = tools.failure(library, "log_lines", rows, tmp_path)
    assert code == 2 and "row 0 " in said and "not a line of a log: no host" in said


EVENT = pa.schema(
    [pa.field("user", pa.string(), False), pa.field("at", pa.timestamp("us", "UTC"), False)]
)


def events(*pairs):
    users, seconds = zip(*pairs, strict=True)
    at = pa.array([s * 1_000_000 for s in seconds], pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table([pa.array(users), at], schema=EVENT)


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_sessions_go_on_over_batches(libraries, tmp_path, rows):
    given = events(("a", 0), ("a", 10), ("a", 1811), ("b", 1812), ("b", 3000), ("c", 5))
    out = tools.run_kernel(libraries["sessions"], "sessions", given, tmp_path, rows=rows)
    found = [(r["user"], r["number"], r["events"]) for r in out.to_pylist()]
    assert found == [("a", 1, 2), ("a", 2, 1), ("b", 1, 2), ("c", 1, 1)]
    long = ("--set", "gap_seconds=2000")
    out = tools.run_kernel(libraries["sessions"], "sessions", given, tmp_path, *long, rows=rows)
    assert out["events"].to_pylist() == [3, 2, 1]


def test_sessions_want_sorted_events(libraries, tmp_path):
    given = events(("a", 0), ("a", 10), ("a", 9))
    _, said = tools.failure(libraries["sessions"], "sessions", given, tmp_path, rows=2)
    assert "row 2 (row 0 of its batch): 1000000 us before the event ahead of it" in said


def test_a_schema_that_differs_is_told_with_both(libraries, tmp_path):
    given = pa.table({"int_col": [1], "col": ["x"]})
    code, said = tools.failure(libraries["count_bytes"], "count_bytes", given, tmp_path)
    assert code == 2
    assert "kernel count_bytes: the schema of input 0 differs from the one declared:" in said
    assert "column 1, `int_col`: stands where `col` is needed" in said
    assert "needed: `col` STRING, `int_col` BIGINT" in said
    assert "given:  `int_col` BIGINT, `col` STRING" in said


def test_an_input_that_is_not_arrow_is_named(libraries, ferrule, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a stream of batches")
    cut = tools.write(tmp_path / "cut.arrows", pa.table({"col": ["x"] * 9, "int_col": [1] * 9}))
    cut.write_bytes(cut.read_bytes()[:-60])
    run = ("kernel", "run", libraries["count_bytes"], "count_bytes")
    out = tmp_path / "out.arrows"
    for command, said in [
        ((*run, text, out), f"{text}: IPC: neither an Arrow stream nor a file"),
        ((*run, cut, out), f"{cut}: IPC: cut off in a batch"),
        ((*run, tmp_path / "none", out), "run: IPC: cannot open"),
        (("kernel", "header", "--arrow", text), f"{text}: IPC: neither"),
        (("ddl", "--arrow", text), f"{text}: IPC: neither"),
    ]:
        done = ferrule(*command)
        assert done.returncode and said in done.stderr.decode()
        assert not out.exists()


def test_options_are_checked(libraries, tmp_path):
    given = events(("a", 0))
    library = libraries["sessions"]
    for option, said in [
        ("gap=1", "it has no option gap"),
        ("gap_seconds=0", "a whole number from 1 to 31536000 is needed"),
        ("gap_seconds", "KEY=VALUE is needed"),
    ]:
        code, text = tools.failure(library, "sessions", given, tmp_path, "--set", option)
        assert code == 2 and said in text


def test_what_is_no_kernel_library_is_refused(ferrule, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a library")
    plain = tmp_path / "plain.c"
    plain.write_text("int answer(void);\nint answer(void) { return 42; }\n")
    library = tools.built(plain, tmp_path)
    assert ferrule("kernel", "describe", tmp_path / "none.so").returncode == 3
    for path, said in [(text, "cannot load"), (library, "no kernel library")]:
        done = ferrule("kernel", "describe", path)
        assert done.returncode == 1 and said in done.stderr.decode()


NEWER = """
#include <ferrule/kernel_abi.h>
const frl_kernel_list *frl_kernel_list_v1(void) {
  static const frl_kernel_list list = {2, 0, 0, "newer"};
  return &list;
}
"""


def test_another_abi_version_is_refused(ferrule, tmp_path):
    source = tmp_path / "newer.c"
    source.write_text(NEWER)
    done = ferrule("kernel", "describe", tools.built(source, tmp_path))
    assert done.returncode == 1
    assert "kernel ABI version 2, this Ferrule knows 1" in done.stderr.decode()


# ---- what docs/KERNELS.md shows ----


def shown_in_docs(holding):
    blocks = re.findall(r"```c\n(.*?)```", (ROOT / "docs/KERNELS.md").read_text(), re.S)
    return next(b for b in blocks if holding in b)


def test_the_kernel_of_the_manual_works(tmp_path):
    source = tmp_path / "doubling.c"
    source.write_text(shown_in_docs("doubling"))
    library = tools.built(source, tmp_path, *tools.STRICT)
    rows = pa.table({"col": ["a", "b"], "int_col": pa.array([21, None], pa.int64())})
    out = tools.run_kernel(library, "doubling", rows, tmp_path)
    assert out["twice"].to_pylist() == [42, None]
    wrong = rows.set_column(0, "col", pa.array(["a", None]))
    _, said = tools.failure(library, "doubling", wrong, tmp_path)
    assert "kernel doubling: row 1 (row 1 of its batch): col is null" in said


def test_the_nested_rows_of_the_manual_compile(tmp_path):
    source = tmp_path / "trip.c"
    source.write_text(f"#include <ferrule/kernel.h>\n{shown_in_docs('FRL_ARRAY(tags')}")
    tools.built(source, tmp_path, *tools.STRICT)


# ---- declarations that must not compile, and what the compiler says ----

REFUSED = {
    "UINT32": "Spark has no unsigned integers: use BIGINT",
    "uint64_t": r"Spark has no unsigned integers: use DECIMAL\(20,0\)",
    "int32_t": "no name of a column type: use INT",
    "bool": "no name of a column type: use BOOLEAN",
    "HALF_FLOAT": "Spark has no half floats: use FLOAT",
    "CHAR(3)": r"CHAR\(n\) has no Arrow form in Spark: use STRING",
    "VARCHAR(3)": r"VARCHAR\(n\) has no Arrow form in Spark: use STRING",
    "YEAR_MONTH_INTERVAL": "year-month intervals have no Arrow form",
    "DECIMAL(39, 0)": r"Spark: DECIMAL\(p,s\) has 1 to 38 digits",
    "DECIMAL(3, 4)": r"DECIMAL\(p,s\): Spark needs 0 <= s <= p",
    "TIME(9)": r"Spark: TIME\(p\) has 0 to 6 digits of seconds",
    "INTERVAL(SECOND, DAY)": "runs from the larger unit down",
    "UNION(x)": "Spark has no unions",
    "FOO": "FOO is no type of a column: <ferrule/kernel.h> lists them",
    "string": "string is no type of a column",
    "LARGE_STRING": "Spark hands out strings of 32-bit offsets: use STRING",
}


@pytest.mark.parametrize("compiler", [tools.C, tools.CXX], ids=["c11", "c++11"])
def test_what_spark_cannot_take_does_not_compile(compiler, tmp_path):
    for i, (written, said) in enumerate(REFUSED.items()):
        source = tmp_path / f"refused_{i}.c"
        source.write_text(
            f"#include <ferrule/kernel.h>\n#define R(X) X({written}, a)\nFRL_ROW(r, R)\n"
        )
        done = tools.compile_kernel(source, tmp_path / "none.so", compiler=compiler)
        assert done.returncode != 0, written
        assert re.search(f"static assertion failed.*{said}", done.stderr), done.stderr


def test_elements_of_arrays_are_checked_too(tmp_path):
    source = tmp_path / "elements.c"
    source.write_text(
        "#include <ferrule/kernel.h>\n"
        "FRL_ARRAY(a, UINT8)\nFRL_MAP(m, INT, int)\nFRL_ARRAY(b, text)\n"
    )
    done = tools.compile_kernel(source, tmp_path / "none.so")
    assert "Spark has no unsigned integers: use SMALLINT" in done.stderr
    assert "no name of a column type: use INT" in done.stderr
    assert "text is no type of a column" in done.stderr


@pytest.mark.parametrize("compiler", [tools.C, tools.CXX], ids=["c11", "c++11"])
def test_a_written_declaration_is_a_header_by_itself(compiler, ferrule, tmp_path):
    ddl = "`a b` INT NOT NULL, tags ARRAY<STRUCT<x: DECIMAL(5,2)>>, v VARIANT"
    made = ferrule("kernel", "header", "--ddl", ddl, "--name", "trip")
    (tmp_path / "trip.h").write_bytes(made.stdout)
    source = tmp_path / "trip.c"
    source.write_text(
        '#include "trip.h"\nint rows(trip_reader *r);\n'
        "int rows(trip_reader *r) { return trip_reader_init(r); }\n"
    )
    tools.built(source, tmp_path, *tools.STRICT, compiler=compiler)
