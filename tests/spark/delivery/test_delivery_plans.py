"""One stream in many forms of query: every message is in the sink as often as it should be."""

import os
import re

import pytest
from rig import MESSAGES, check_each_once, check_none_missing, counted, numbers_by_batch, numbers_in

JSON = {"payloadFormat": "json", "payloadType": None}


@pytest.mark.parametrize(
    "shape,times",
    [
        ("numbers", 1),
        ("in_one_partition", 1),
        ("united_with_itself", 2),
        ("joined_with_itself", 1),
    ],
)
def test_a_query_over_all(cluster, stream, shape, times):
    stream.query(cluster, shape).finish()
    check_each_once(stream.out(), times=times)
    stream.check_all_acked()


def test_two_actions_see_the_same_rows(cluster, stream):
    stream.query(cluster, sink="twice").finish()
    for action in ("one", "two"):
        check_each_once(f"{stream.out()}/{action}")
    batches = os.listdir(f"{stream.out()}/one")
    assert len(batches) > 1
    for batch in batches:
        one, two = (sorted(numbers_in(f"{stream.out()}/{a}/{batch}")) for a in ("one", "two"))
        assert one == two, f"batch {batch}"
    stream.check_all_acked()


def test_a_limit_consumes_what_it_does_not_show(cluster, stream):
    stream.query(cluster, "first_rows", shape_args={"rows": 10}).finish()
    times = counted(stream.out())
    assert times.sum() == 10 and times.max() == 1
    stream.check_all_acked()


def test_a_limit_of_each_batch_consumes_the_batch(cluster, stream):
    stream.query(cluster, sink="some_of", sink_args={"rows": 10}).finish()
    times = counted(stream.out())
    assert times.sum() >= 10 and times.max() == 1
    stream.check_all_acked()


def test_messages_that_are_dropped_are_acked(cluster, streams):
    stream = streams()
    stream.publish_lines(f"not JSON {i}" for i in range(MESSAGES))
    query = stream.query(
        cluster, "declared", schema="n BIGINT", options={**JSON, "mode": "DROPMALFORMED"}
    )
    query.finish()
    assert len(numbers_in(stream.out())) == 0
    stream.check_all_acked()


def test_a_poison_message_fails_the_query_and_loses_nothing(cluster, streams):
    stream = streams()
    poison = MESSAGES // 2
    stream.publish_lines("not JSON" if i == poison else f'{{"n": {i}}}' for i in range(MESSAGES))

    def run(mode):
        query = stream.query(cluster, "declared", schema="n BIGINT", options={**JSON, "mode": mode})
        return query.wait()

    failure = run("FAILFAST")
    assert re.search(r"message \d+ does not fit the schema", failure or ""), failure
    assert stream.backlog() > 0
    assert run("DROPMALFORMED") is None
    times = counted(stream.out())
    assert times[poison] == 0
    times[poison] = 1
    assert times.min() == times.max() == 1
    stream.check_all_acked()


def test_an_ordered_subscription_keeps_the_order_of_each_key(cluster, streams):
    stream = streams(enable_message_ordering=True)
    keys = 20
    stream.publish_lines(
        (f'{{"data": "{i}", "ordering_key": "key {i % keys}"}}' for i in range(MESSAGES)),
        *("--format", "jsonl"),
    )
    stream.query(cluster, "keyed", sink="by_batch").finish()
    check_each_once(stream.out())
    last = [-1] * keys
    for number in numbers_by_batch(stream.out()):
        key = number % keys
        assert number > last[key], f"{number} came after {last[key]}"
        last[key] = number
    stream.check_all_acked()


def test_two_queries_share_a_subscription(cluster, stream):
    shared = {"allowSharedSubscription": "true"}
    queries = [stream.query(cluster, label=label, options=shared) for label in ("one", "two")]
    for query in queries:
        query.finish()
    again = check_none_missing(stream.out("one"), stream.out("two"))
    assert len(again) == 0
    stream.check_all_acked()
