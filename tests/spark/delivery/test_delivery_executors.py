"""Executors that die, tasks that run again elsewhere."""

import os
import time

import pytest
from rig import MESSAGES, check_each_once, check_none_missing
from streams import wait_until

ALWAYS = {"processingTime": "0 seconds"}
PARTITIONS = {"numPartitions": "4"}


def run_with_a_kill(driver, stream, shape):
    """The messages of the dead executor come again when their leases end: at once here."""
    query = stream.query(
        driver, shape, shape_args={"marker": stream.marker()}, trigger=ALWAYS, options=PARTITIONS
    )
    wait_until(lambda: os.path.exists(stream.marker()))
    time.sleep(1)
    stream.faults("expire-leases")
    stream.wait_for_all()
    query.stop()
    check_none_missing(stream.out())
    stream.check_all_acked()


@pytest.mark.parametrize("shape", ["killed_midway", "killed_after_shuffle"])
def test_an_executor_is_killed(cluster, stream, shape):
    run_with_a_kill(cluster, stream, shape)


@pytest.mark.long
@pytest.mark.parametrize("shape", ["killed_midway", "killed_after_shuffle"])
def test_an_executor_is_killed_and_its_leases_run_out(cluster, stream, shape):
    query = stream.query(cluster, shape, shape_args={"marker": stream.marker()}, options=PARTITIONS)
    query.finish(240)
    assert os.path.exists(stream.marker())
    check_none_missing(stream.out())
    stream.check_all_acked()


def check_a_task_ran_on_two_executors(visits):
    tasks = [name.split("-")[0] for name in os.listdir(visits)]
    assert len(tasks) > len(set(tasks)), sorted(os.listdir(visits))


def test_a_task_runs_again_on_another_executor(two_hosts, stream):
    visits = stream.marker("visits")
    query = stream.query(
        two_hosts,
        "failed_once",
        shape_args={"marker": stream.marker(), "visits": visits},
        options=PARTITIONS,
    )
    query.finish()
    check_a_task_ran_on_two_executors(visits)
    check_each_once(stream.out())
    stream.check_all_acked()


def test_a_slow_task_is_run_twice(two_hosts, stream):
    visits = stream.marker("visits")
    query = stream.query(
        two_hosts,
        "slow_once",
        shape_args={"marker": stream.marker(), "visits": visits, "seconds": 30},
        options=PARTITIONS,
    )
    query.finish()
    check_a_task_ran_on_two_executors(visits)
    check_each_once(stream.out())
    stream.check_all_acked()


def test_no_executor_for_a_while(drivers, streams):
    # an idle executor that ends before it hears that its batch is committed nacks it, and the
    # batch comes again: between the two lies the next trigger of a driver that may be slow
    driver = drivers(
        spark_dynamicAllocation_enabled="true",
        spark_dynamicAllocation_shuffleTracking_enabled="true",
        spark_dynamicAllocation_minExecutors="0",
        spark_dynamicAllocation_executorIdleTimeout="5s",
        spark_executor_cores="1",
    )
    stream = streams()
    half = MESSAGES // 2
    stream.publish_numbers(0, half)
    query = stream.query(driver, trigger=ALWAYS)
    stream.wait_for_all(half)
    # an opening batch asks for an executor now and then, ever more seldom
    wait_until(lambda: driver.ask("executors") == 0, 200)
    stream.publish_numbers(half, MESSAGES)
    stream.wait_for_all()
    query.stop()
    check_each_once(stream.out())
    stream.check_all_acked()
