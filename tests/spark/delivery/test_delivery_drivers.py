"""A driver that is killed, and another that goes on from its checkpoint."""

import numpy
from rig import MESSAGES, check_none_missing, counted, numbers_in
from streams import wait_until

HALF = MESSAGES // 2


def test_a_driver_is_killed_before_it_could_ack(drivers, cluster, stream):
    """The batch is in Spark's commit log, its acks would come with the next trigger."""
    first = drivers()
    stream.query(first, trigger={"processingTime": "1 hour"})
    wait_until(lambda: stream.commits())
    committed = numbers_in(stream.out())
    first.kill()
    wait_until(lambda: stream.leased() == 0)
    first.close()
    stream.query(cluster).finish()
    again = check_none_missing(stream.out())
    assert numpy.isin(again, committed).all(), "a message doubled that was not in doubt"
    stream.check_all_acked()


def test_an_idempotent_sink_survives_its_driver(drivers, cluster, stream):
    """Killed after the sink's commit and before Spark's: the sink then skips that batch."""
    first = drivers()
    stream.query(first, sink="by_batch", sink_args={"kill": 1})
    wait_until(lambda: not first.is_alive)
    wait_until(lambda: stream.leased() == 0)
    first.close()
    in_doubt = numbers_in(f"{stream.out()}/1")
    assert len(in_doubt) > 0
    stream.query(cluster, sink="by_batch").finish()
    again = check_none_missing(stream.out())
    assert numpy.isin(again, in_doubt).all(), "a message doubled that was not in doubt"
    assert counted(stream.out()).max() <= 2
    stream.check_all_acked()
