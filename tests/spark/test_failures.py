"""Servers that are not there, or go away; queries that cannot be."""

import contextlib
import time

import pytest
from emulator import PROJECT, Emulator, Subscription
from streams import Collected, numbered, reader, wait_until


def failure_of(query):
    with pytest.raises(Exception) as failure:
        query.awaitTermination(120)
    return str(failure.value)


@pytest.mark.matrix
def test_a_missing_subscription_fails_the_start(spark, emulator, start):
    options = {
        "projectId": PROJECT,
        "subscriptionId": "not-there",
        "emulatorHost": emulator.host,
    }
    frame = spark.readStream.format("pubsub-native").options(**options).load()
    query = start(frame.writeStream.format("noop"))
    assert "not-there" in failure_of(query)


def test_missing_credentials_fail_the_start(spark, start, tmp_path):
    options = {
        "subscriptionId": "projects/p/subscriptions/s",
        "endpoint": "127.0.0.1:1",
        "credentialsFile": str(tmp_path / "none.json"),
    }
    frame = spark.readStream.format("pubsub-native").options(**options).load()
    assert "none.json" in failure_of(start(frame.writeStream.format("noop")))


def test_a_second_stream_on_a_subscription_is_refused(spark, subscription, start, tmp_path):
    start(reader(spark, subscription).writeStream.format("noop"))
    subscription.publish(numbered(1))
    writer = reader(spark, subscription).writeStream.format("noop")
    second = writer.option("checkpointLocation", str(tmp_path / "second")).start()
    assert "allowSharedSubscription" in failure_of(second)


def test_real_time_mode_is_refused(spark, subscription, start):
    if tuple(map(int, spark.version.split(".")[:2])) < (4, 1):
        pytest.skip("not in this version of Spark")
    jvm = spark.sparkContext._jvm
    writer = reader(spark, subscription).writeStream.format("noop").outputMode("update")
    trigger = jvm.org.apache.spark.sql.streaming.Trigger.RealTime("5 minutes")
    writer._jwrite = writer._jwrite.trigger(trigger)
    with pytest.raises(Exception) as failure:
        start(writer).awaitTermination(60)
    assert "REAL_TIME" in str(failure.value).upper().replace(" ", "_").replace("-", "_")


def test_the_server_is_killed_and_comes_back(spark, start, tmp_path):
    with Emulator(tmp_path, durable=True) as emulator:
        with contextlib.closing(Subscription(emulator, "survivor")) as subscription:
            subscription.publish(numbered(500))
            collected = Collected()
            frame = reader(spark, subscription, payloadType="string").select("payload")
            query = start(frame.writeStream.foreachBatch(collected))
            wait_until(lambda: len(collected.rows) >= 500)
            emulator.kill()
            time.sleep(1)
            emulator.begin()
            wait_until(lambda: subscription_answers(subscription))
            subscription.publish(numbered(500, 500))
            found = lambda: {int(row.payload) for row in collected.rows}  # noqa: E731
            wait_until(lambda: found() == set(range(1000)), 120)
            query.stop()
            assert subscription.unacked() == 0


def subscription_answers(subscription):
    try:
        subscription.subscriber.get_subscription(subscription=subscription.path, timeout=1)
        return True
    except Exception:
        return False
