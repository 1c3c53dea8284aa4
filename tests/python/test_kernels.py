"""Kernels in this process: found, fed, read, failing, and in other people's tables."""

import pathlib
import pickle
import threading

import duckdb
import ferrule
import polars
import pyarrow as pa
import pytest
from ferrule.kernel import load, names

PAIRS = pa.record_batch({"word": ["a", None, "c"], "n": [1, 2, None]})


def rows(batches):
    return [row for batch in batches for row in pa.record_batch(batch).to_pylist()]


def test_a_library_lists_its_kernels(several):
    assert names(several) == ["twice", "repeat", "total", "count_sides", "as_text"]


def test_a_kernel_says_what_it_is(several):
    k = load(several, "twice")
    assert (k.name, k.__name__, k.__doc__) == ("twice", "twice", "Doubles a number.")
    assert k.ddl == "`word` STRING, `twice` BIGINT COMMENT 'two times n'"
    assert [s.ddl for s in k.inputs] == ["`word` STRING, `n` BIGINT"]
    assert k.stateless and k.row_wise and k.options == []
    total = load(several, "total")
    assert total.options == [("step", "1", "What a row counts.")]
    assert not total.stateless
    assert [len(s) for s in load(several, "count_sides").inputs] == [2, 2]


def test_a_library_or_kernel_that_is_not_there(several, tmp_path):
    with pytest.raises(ferrule.Error, match="twice, repeat") as failed:
        load(several, "thrice")
    assert failed.value.status == "FRL_E_NOT_FOUND"
    with pytest.raises(ferrule.Error, match=r"no kernel library at .*nowhere\.so"):
        load(tmp_path / "nowhere.so")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(ferrule.Error) as failed:
        load(tmp_path / "text.so")
    assert failed.value.status == "FRL_E_UNSUPPORTED"


def test_a_row_for_a_row(several):
    made = rows(load(several, "twice").batches([PAIRS, PAIRS.slice(1), PAIRS.slice(0, 0)]))
    assert [row["twice"] for row in made] == [2, 4, None, 4, None]
    assert [row["word"] for row in made] == ["a", None, "c", None, "c"]


def test_many_rows_for_a_row(several):
    batch = pa.record_batch({"word": ["x", "y"], "n": [100_000, 3]})
    made = rows(load(several, "repeat").batches([batch]))
    assert len(made) == 100_003
    assert made[-1] == {"word": "y", "n": 3}


def test_state_lives_until_finish(several):
    total = load(several, "total", options={"step": 10})
    assert rows(total.batches([PAIRS] * 3)) == [{"rows": 90, "sum": 9}]
    assert rows(total.with_options(step=1).batches([])) == [{"rows": 0, "sum": 0}]


def test_options_are_checked(several):
    with pytest.raises(ferrule.Error, match="kernel total: it has no option stepp; it has step"):
        load(several, "total", options={"stepp": 1})
    with pytest.raises(ferrule.Error, match="it has no option x; it has none"):
        load(several, "twice").with_options(x=1)
    with pytest.raises(ferrule.Error, match="step must be positive"):
        list(load(several, "total", options={"step": 0}).batches([]))


NEEDY = """
#include <ferrule/kernel.h>
#define R(X) X(BIGINT, n)
FRL_ROW(row, R)
typedef struct needy_state { int unused; } needy_state;
static int needy_init(needy_state *s, const frl_kernel_option *o, int64_t n, frl_kernel_error *e) {
  (void)s, (void)o, (void)n, (void)e;
  return 0;
}
static void needy_free(needy_state *s) { (void)s; }
static int needy_batch(needy_state *s, row_reader *r, row_writer *w, frl_kernel_error *e) {
  (void)s, (void)r, (void)w, (void)e;
  return 0;
}
static int needy_finish(needy_state *s, row_writer *w, frl_kernel_error *e) {
  (void)s, (void)w, (void)e;
  return 0;
}
static const frl_kernel_option_doc needed[] = {{"file", NULL, "What to read."}, {NULL, NULL, NULL}};
FRL_KERNEL(needy, row, row, needy_state, 0, needed, "Needs an option.")
FRL_KERNELS(&needy_kernel)
"""


def test_an_option_that_must_be_given_is_asked_for_ahead():
    needy = ferrule.kernel.compile(NEEDY)
    with pytest.raises(ferrule.Error, match="option file must be given: What to read"):
        needy.check("n BIGINT")
    assert needy.with_options(file="x").check("n BIGINT").ddl == "`n` BIGINT"


def test_two_inputs(several):
    sums = pa.record_batch(
        [pa.array([1]), pa.array([2])],
        schema=pa.schema(load(several, "total").schema),
    )
    sides = load(several, "count_sides")
    assert rows(sides.batches([PAIRS, PAIRS], [sums])) == [{"left_rows": 6, "right_rows": 1}]
    assert rows(sides.batches([], [])) == [{"left_rows": 0, "right_rows": 0}]
    with pytest.raises(TypeError, match="2 input"):
        sides.batches([PAIRS])


def test_a_failure_names_its_row(several):
    bad = pa.record_batch({"word": ["a", "bad"], "n": [1, 2]})
    made = load(several, "twice").batches([PAIRS, bad.slice(1), PAIRS])
    assert pa.record_batch(next(made)).num_rows == 3
    with pytest.raises(ferrule.KernelError, match="row 3 .*the word is bad") as failed:
        next(made)
    assert (failed.value.row, failed.value.row_in_batch, failed.value.input) == (3, 0, 0)
    assert (failed.value.kernel, failed.value.detail) == ("twice", "the word is bad")
    again = pickle.loads(pickle.dumps(failed.value))
    assert (str(again), again.row) == (str(failed.value), 3)


def test_another_schema_is_shown_beside_the_one_declared(several):
    k = load(several, "twice")
    with pytest.raises(ferrule.SchemaError) as failed:
        list(k.batches([pa.record_batch({"word": [1], "m": ["x"]})]))
    for part in ("twice", "needed: `word` STRING, `n` BIGINT", "given:  `word` BIGINT, `m` STRING"):
        assert part in str(failed.value)


def test_columns_of_the_same_types_swapped_are_found(several):
    k = load(several, "total")
    swapped = pa.record_batch({"n": [1], "word": ["x"]})
    with pytest.raises(ferrule.SchemaError, match="column 1, `n`: stands where `word`"):
        list(k.batches([swapped]))


def test_what_a_kernel_gives_is_checked(several):
    batch = pa.record_batch({"bytes": [b"a", b"\xff"]})
    with pytest.raises(ferrule.Error, match="row 1: .*text.*UTF-8"):
        list(load(several, "as_text").batches([batch]))
    unchecked = load(several, "as_text", skip_checks=["utf8"])
    assert [b.num_rows for b in unchecked.batches([batch])] == [2]
    with pytest.raises(ValueError, match="no check is called 'names'"):
        load(several, "as_text", skip_checks=["names"])


@pytest.mark.parametrize("text", [pa.large_string(), pa.string_view()])
def test_strings_of_other_widths_are_narrowed(several, text):
    batch = pa.record_batch({"word": pa.array(["a", None], text), "n": [1, 2]})
    made = rows(load(several, "twice").batches([batch, batch]))
    assert [row["word"] for row in made] == ["a", None] * 2


def test_polars_through_a_kernel_and_back(several):
    frame = polars.DataFrame({"word": ["x", None], "n": [5, 6]})
    stream = load(several, "twice").stream(frame)
    for _ in range(2):  # a frame can be read again, so can what comes of it
        assert polars.DataFrame(stream).rows() == [("x", 10), (None, 12)]


def test_a_stream_tells_why_it_ends(several):
    bad = pa.table({"word": ["a", "bad"], "n": [1, 2]})
    reader = pa.RecordBatchReader.from_stream(load(several, "twice").stream(bad))
    with pytest.raises(Exception, match="the word is bad"):
        reader.read_all()
    with pytest.raises(ferrule.SchemaError, match="needed"):
        pa.RecordBatchReader.from_stream(load(several, "twice").stream(bad.drop(["n"])))


def test_a_stream_is_read_as_it_is_asked_for(several):
    asked = []

    def batches():
        for i in range(3):
            asked.append(i)
            yield PAIRS

    source = pa.RecordBatchReader.from_batches(PAIRS.schema, batches())
    reader = pa.RecordBatchReader.from_stream(load(several, "twice").stream(source))
    assert asked == []
    assert reader.read_next_batch().num_rows == 3
    assert asked == [0]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_relation_of_duckdb(several, lazy):
    con = duckdb.connect()
    query = "select 'w' || i as word, i as n from range(5000) t(i)"
    doubled = ferrule.kernel.relation(load(several, "twice"), con, query, lazy=lazy)
    for _ in range(2):
        assert doubled.aggregate("sum(twice), count(*)").fetchall() == [(24995000, 5000)]
    joined = con.sql("select count(*) from doubled a join doubled b using (word)")
    assert joined.fetchall() == [(5000,)]
    con.close()


def test_a_relation_sees_what_its_connection_sees(several):
    con = duckdb.connect()
    con.execute("create temp table t as select 'w' as word, 7::bigint as n")
    made = ferrule.kernel.relation(load(several, "twice"), con, "select * from t")
    assert made.fetchall() == [("w", 14)]
    con.close()


def test_a_relation_of_other_columns_is_refused(several):
    con = duckdb.connect()
    with pytest.raises(ferrule.SchemaError, match="INT"):
        ferrule.kernel.relation(load(several, "twice"), con, "select 'w' as word, 1 as n")
    con.close()


def test_kernels_are_values(several):
    k = load(several, "total", options={"step": 5})
    again = pickle.loads(pickle.dumps(k))
    assert rows(again.batches([PAIRS])) == [{"rows": 15, "sum": 3}]
    assert again.ddl == k.ddl


def test_a_library_that_was_changed_is_not_loaded_for_it(several, tmp_path):
    copy = tmp_path / "copy.so"
    copy.write_bytes(pathlib.Path(several).read_bytes() + b"\0")
    told = pickle.dumps(load(copy, "twice"))
    copy.unlink()
    with pytest.raises(ferrule.Error, match=r"not on this machine .*does not exist.*k\.ship"):
        pickle.loads(told)
    copy.write_bytes(pathlib.Path(several).read_bytes())
    with pytest.raises(ferrule.Error, match="another build"):
        pickle.loads(told)


def test_runs_of_many_threads(several):
    k = load(several, "twice")
    made = []

    def work():
        made.append(sum(len(b) for b in k.batches([PAIRS] * 50)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [150] * 4


def test_a_run_says_what_it_did_and_closes(several):
    run = load(several, "twice").run()
    run.push(0, PAIRS)
    assert pa.record_batch(run.next()).num_rows == 3
    assert run.next() is None
    stats = run.stats
    assert (stats["batches_in"], stats["rows_in"]) == (1, 3)
    assert (stats["batches_out"], stats["rows_out"]) == (1, 3)
    assert stats["kernel_ns"] > 0
    run.finish()
    run.close()
    run.close()
    with pytest.raises(ValueError, match="closed"):
        run.push(0, PAIRS)


def test_an_abandoned_run_gives_back_all(several):
    made = load(several, "repeat").batches([pa.record_batch({"word": ["x"], "n": [500_000]})])
    next(made)
    made.close()
    assert ferrule.live()["runs"] == 0
