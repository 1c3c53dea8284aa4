"""Suites of two lanes: what waits for what, and that nothing that failed is lost."""

import threading
from typing import NamedTuple

import pytest
from runner import log
from runner.count import Count
from runner.lanes import Lanes

PATIENCE_S = 60


class Suite(NamedTuple):
    name: str
    run: object
    lane: int | None = 0
    after: tuple = ()
    what: str = "made up"


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "ROOT", tmp_path)
    monkeypatch.setattr(log, "LOGS", tmp_path / "logs")


def gives(*numbers):
    return lambda _: Count(*numbers)


def fails(_):
    raise OSError("no such thing")


def test_counts_of_both_lanes_are_added():
    suites = [Suite("a", gives(3)), Suite("b", gives(4, 0, 1), lane=1), Suite("c", gives(1, 2))]
    assert Lanes(suites).run() == Count(8, 2, 1)


@pytest.mark.parametrize("lane", [0, 1])
def test_a_failure_in_either_lane_counts_and_shows_its_log(lane, capsys):
    suites = [Suite("good", gives(1), lane=1 - lane), Suite("bad", fails, lane=lane)]
    assert Lanes(suites).run() == Count(1, 1)
    told = capsys.readouterr().out
    told = told[told.index("== bad: made up") :].splitlines()
    assert told[1] == "   | tests/run: OSError: no such thing"
    assert told[2] == "   whole log: logs/bad.log"
    assert told[3].startswith("   bad: 0 passed / 1 failed in ")


def test_lanes_run_side_by_side_and_wait_where_they_must():
    both = threading.Barrier(2, timeout=PATIENCE_S)
    order = []

    def meets(_):
        both.wait()
        return Count(1)

    def notes(name):
        return lambda _: order.append(name) or Count(1)

    suites = [
        Suite("a", meets),
        Suite("b", meets, lane=1),
        Suite("c", notes("c"), after=("d", "not chosen")),
        Suite("d", notes("d"), lane=1),
    ]
    assert Lanes(suites).run() == Count(4)
    assert order == ["d", "c"]


def test_a_suite_of_no_lane_runs_in_the_lane_that_is_done_first():
    free = threading.Event()

    def waits(_):
        return Count(1 if free.wait(PATIENCE_S) else 0)

    def frees(_):
        free.set()
        return Count(1)

    suites = [Suite("any", frees, lane=None), Suite("a", waits), Suite("b", gives(1), lane=1)]
    assert Lanes(suites).run() == Count(3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_suite_that_never_came_to_its_end_has_failed():
    def breaks_off(_):
        raise SystemExit(0)

    suites = [
        Suite("a", breaks_off),
        Suite("never", gives(5)),
        Suite("b", gives(1), lane=1, after=("never",)),
    ]
    assert Lanes(suites).run() == Count(1, 2)


def test_what_runs_can_be_ended_from_outside(monkeypatch):
    monkeypatch.setattr(log, "_stopped", threading.Event())
    own = log.Log("own")
    codes = []
    thread = threading.Thread(target=lambda: codes.append(own.run("sleep", "600", limit_s=600)))
    thread.start()
    while not log._running:
        assert thread.is_alive()
    log.end_all()
    thread.join(PATIENCE_S)
    assert codes and codes[0] != 0
    assert own.run("true", limit_s=60) != 0, "something began after the end"
