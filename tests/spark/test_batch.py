"""spark.read: what waits now, once, and given back unless told otherwise."""

import pytest
from streams import numbered, wait_until

DRAIN = {"drainIdleMs": "1000"}


def batch(spark, subscription, **options):
    options = subscription.options(payloadType="string", **DRAIN, **options)
    return spark.read.format("pubsub-native").options(**options).load()


@pytest.mark.matrix
def test_reads_what_waits_and_gives_it_back(spark, subscription):
    subscription.publish(numbered(2000))
    for _ in range(2):
        rows = batch(spark, subscription).select("payload").collect()
        assert sorted(int(row.payload) for row in rows) == list(range(2000))
    assert len(wait_until(subscription.remaining)) == 2000


@pytest.mark.matrix
def test_acknowledged_on_read_it_is_gone(spark, subscription):
    subscription.publish(numbered(500))
    assert batch(spark, subscription, acknowledge="onRead").count() == 500
    assert subscription.unacked() == 0


@pytest.mark.matrix
def test_the_messages_fields_are_hidden_columns_of_a_batch_too(spark, subscription):
    ids = subscription.publish([b'{"n": 1}', b'{"n": 2}'])
    options = subscription.options(payloadFormat="json", **DRAIN)
    frame = spark.read.format("pubsub-native").schema("n INT").options(**options).load()
    assert frame.columns == ["n"]
    rows = frame.select("n", "message_id").collect()
    assert {tuple(row) for row in rows} == {(1, ids[0]), (2, ids[1])}


def test_what_reads_twice_fails_rather_than_loses(spark, subscription):
    subscription.publish(numbered(100))
    with pytest.raises(Exception) as failure:
        batch(spark, subscription).repartitionByRange(2, "message_id").collect()
    assert "cache()" in str(failure.value)
    cached = batch(spark, subscription).cache()
    assert [int(row.payload) for row in cached.orderBy(cached.payload.cast("int")).collect()] == (
        list(range(100))
    )
    # the read is over though the rows are kept: its messages came back
    assert batch(spark, subscription).count() == 100
    assert cached.count() == 100
    cached.unpersist()


def test_a_read_outside_of_a_query_ends_with_its_job(spark, subscription):
    ids = subscription.publish(numbered(100))
    assert batch(spark, subscription).rdd.count() == 100
    assert sorted(wait_until(subscription.remaining)) == sorted(ids)


@pytest.mark.parametrize("ended", [True, False])
def test_an_rdd_that_is_read_again_says_that_rows_are_given_once(spark, subscription, ended):
    ids = subscription.publish(numbered(100))
    rdd = batch(spark, subscription).rdd
    assert rdd.count() == 100
    if ended:
        assert sorted(wait_until(subscription.remaining)) == sorted(ids)
    with pytest.raises(Exception) as failure:
        rdd.count()
    assert "a batch read gives its rows once" in str(failure.value)
    assert "cache() the frame" in str(failure.value)
    if not ended:  # that it is read again takes nothing
        assert sorted(wait_until(subscription.remaining)) == sorted(ids)


def test_only_the_columns_asked_for_are_planned(spark, subscription):
    frame = batch(spark, subscription)
    plan = frame.select("message_id")._jdf.queryExecution().optimizedPlan().toString()
    assert "message_id" in plan and "publish_time" not in plan


def test_an_empty_subscription_gives_no_rows(spark, subscription):
    assert batch(spark, subscription).collect() == []


def test_explain_leases_nothing_and_is_in_nobodys_way(spark, subscription):
    ids = subscription.publish(numbered(10))
    frame = batch(spark, subscription)
    frame.explain()
    assert frame.count() == 10
    assert sorted(wait_until(subscription.remaining)) == sorted(ids)


def test_commit_means_nothing_to_a_batch(spark, subscription):
    with pytest.raises(Exception) as failure:
        batch(spark, subscription, acknowledge="onCommit").collect()
    assert "acknowledge=onCommit is for streams" in str(failure.value)
