"""A server that goes away, cuts streams off, or takes leases back too early."""

import time

import pytest
from emulator import Emulator
from rig import MESSAGES, check_each_once, check_none_missing
from streams import wait_until

ALWAYS = {"processingTime": "0 seconds"}


def test_streams_are_reset(cluster, streams):
    stream = streams()
    query = stream.query(cluster, trigger=ALWAYS)
    stream.faults("kill-streams every=300 how=reset")
    stream.publish_numbers(rate=40_000)
    # instead of the resets; what they cut off is leased to nobody who knows of it
    stream.faults("expire-leases")
    stream.wait_for_all()
    query.stop()
    check_none_missing(stream.out())
    stream.check_all_acked()


def test_the_server_is_killed_and_comes_back(cluster, streams, tmp_path):
    with Emulator(tmp_path, durable=True) as server:
        stream = streams(server)
        stream.publish_numbers()
        query = stream.query(cluster, options={"maxRowsPerBatch": "10000"}, trigger=ALWAYS)
        wait_until(lambda: len(stream.commits()) >= 3)
        server.kill()
        time.sleep(1)
        server.begin()
        stream.wait_for_all(limit_s=120)
        query.stop()
        # acks that were under way when it was killed are lost
        wait_until(stream.answers)
        stream.query_the_rest(cluster)
        check_none_missing(stream.out())
        stream.check_all_acked()


def run_while_leases_end(driver, stream):
    """Returns the numbers that came twice."""
    query = stream.query(
        driver,
        "slow",
        shape_args={"seconds": 4},
        trigger=ALWAYS,
        options={"maxRowsPerBatch": "100000"},
    )
    wait_until(lambda: stream.commits())
    stream.faults("expire-leases")
    stream.wait_for_all()
    query.stop()
    stream.check_all_acked()
    return check_none_missing(stream.out())


def test_leases_end_before_their_batch(cluster, stream):
    """The server may give to one executor what it took from the other: that comes twice."""
    run_while_leases_end(cluster, stream)


def test_a_message_that_comes_again_while_it_is_held_adds_no_row(drivers, stream):
    assert len(run_while_leases_end(drivers(master="local[2]"), stream)) == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_batch_takes_longer_than_a_lease(cluster, stream):
    query = stream.query(
        cluster,
        sink="appended",
        sink_args={"seconds": 75},
        options={"maxRowsPerBatch": str(MESSAGES)},
    )
    query.finish(800)
    check_each_once(stream.out())
    stream.check_all_acked()
