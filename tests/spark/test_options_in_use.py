"""Options whose effect is seen from outside."""

import os
import socket
import subprocess
import sys

from emulator import free_port
from streams import Collected, available_now, numbered, reader, wait_until

DRAIN = {"drainIdleMs": "1000"}


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_coordinator_listens_where_it_is_told(spark, subscription, start):
    port = free_port()
    subscription.publish(numbered(10))
    collected = Collected()
    place = {"coordinatorHost": "127.0.0.1", "coordinatorPort": str(port)}
    query = start(reader(spark, subscription, **place).writeStream.foreachBatch(collected))
    wait_until(lambda: len(collected.rows) == 10)
    assert listens(port)
    query.stop()
    assert not listens(port)


def test_so_many_streams_are_opened(spark, subscription, start):
    subscription.publish(numbered(10))
    frame = reader(spark, subscription, streamsPerExecutor="3")
    query = start(frame.writeStream.format("noop"))

    def opened():
        sources = [p["sources"][0].get("metrics") or {} for p in query.recentProgress]
        return any(metrics.get("openStreams") == "3" for metrics in sources)

    wait_until(opened)
    query.stop()


def test_bytes_of_a_batch_are_bounded(spark, subscription, start):
    subscription.publish([b"x" * 10_000] * 100)
    frame = reader(spark, subscription, maxBytesPerBatch="200k", numPartitions="1", **DRAIN)
    batches = [len(rows) for rows in available_now(start, frame).batches if rows]
    assert sum(batches) == 100
    assert max(batches) <= 21


def test_the_corrupt_records_column_has_the_name_that_was_given(spark, subscription, start):
    subscription.publish([b'{"id": 1}', b"{broken"])
    more = {"payloadFormat": "json", "columnNameOfCorruptRecord": "bad", **DRAIN}
    frame = reader(spark, subscription, "id BIGINT, bad STRING", **more)
    rows = {row.bad: row.id for row in available_now(start, frame).rows}
    assert rows == {None: 1, "{broken": None}


COUNT = """
import sys
from pyspark.sql import SparkSession
jar, project, subscription = sys.argv[1:]
builder = SparkSession.builder.master("local[1]").config("spark.jars", jar)
builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
builder = builder.config("spark.driver.host", "127.0.0.1")
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
frame = spark.read.format("pubsub-native").option("projectId", project)
frame = frame.option("subscriptionId", subscription).option("drainIdleMs", "1000").load()
print("rows", frame.count())
spark.stop()
"""


def test_the_environments_emulator_is_used(subscription, tmp_path):
    subscription.publish(numbered(7))
    project, name = subscription.path.split("/")[1::2]
    done = subprocess.run(
        [sys.executable, "-c", COUNT, os.environ["FERRULE_JAR"], project, name],
        env={**os.environ, "PUBSUB_EMULATOR_HOST": subscription.emulator.host},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "rows 7" in done.stdout.split("\n"), done.stderr[-2000:]
