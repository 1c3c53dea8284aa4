"""Runs that end by themselves, and queries that are stopped at a bad moment."""

import time

import pytest
from rig import MESSAGES, check_each_once, counted, sleep_until
from streams import wait_until

PARTS = [0, MESSAGES // 4, MESSAGES // 2, MESSAGES]


def test_available_now_three_times_over(cluster, streams):
    stream = streams()
    for first, last in zip(PARTS[:-1], PARTS[1:], strict=True):
        stream.publish_numbers(first, last)
        stream.query(cluster).finish()
        check_each_once(stream.out(), total=last)
        assert stream.backlog() == 0
    stream.check_all_acked()


def test_once_three_times_over(cluster, streams):
    stream = streams()
    for first, last in zip(PARTS[:-1], PARTS[1:], strict=True):
        stream.publish_numbers(first, last)
        before = counted(stream.out()).sum()
        stream.query(cluster, trigger={"once": True}).finish()
        # one batch is what came within its time, and exactly that is acked
        there = counted(stream.out())
        assert there.max() == 1 and there.sum() > before
        wait_until(lambda: stream.backlog() == last - there.sum(), 10)  # noqa: B023
    stream.query(cluster).finish()
    check_each_once(stream.out())
    stream.check_all_acked()


def test_stop_in_the_middle_of_a_batch(cluster, stream):
    query = stream.query(
        cluster, "slow", shape_args={"seconds": 3}, trigger={"processingTime": "0 seconds"}
    )
    wait_until(lambda: len(stream.commits()) >= 1)
    time.sleep(1)
    query.stop()
    assert stream.backlog() > 0
    stream.query(cluster).finish()
    check_each_once(stream.out())
    stream.check_all_acked()


def test_stop_right_after_a_commit(cluster, stream):
    query = stream.query(cluster, trigger={"processingTime": "1 hour"})
    sleep_until(lambda: stream.commits())
    query.stop()
    # Spark will not come again for the batch: the end itself has acked it
    assert stream.backlog() == MESSAGES - counted(stream.out()).sum() < MESSAGES
    stream.query(cluster).finish()
    check_each_once(stream.out())
    stream.check_all_acked()


@pytest.mark.parametrize("times", [3])
def test_stop_and_start_again_and_again(cluster, stream, times):
    for _ in range(times):
        query = stream.query(
            cluster,
            options={"maxRowsPerBatch": "5000"},
            trigger={"processingTime": "0 seconds"},
        )
        done = len(stream.commits())
        sleep_until(lambda: len(stream.commits()) >= done + 2)  # noqa: B023
        query.stop()
    stream.query(cluster).finish()
    check_each_once(stream.out())
    stream.check_all_acked()
