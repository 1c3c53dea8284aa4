"""A subscription as a stream: what comes out, what is acked, what a restart does."""

import datetime

import pytest
from streams import Collected, available_now, numbered, reader, wait_until

# what waits is old enough when nothing came for this long
DRAIN = {"drainIdleMs": "1000"}


@pytest.mark.matrix
def test_every_column_of_every_message(spark, subscription, start):
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
    messages = [
        {"data": b"\x00\xff one", "attributes": {"k": "v", "é": "ü"}, "ordering_key": "key"},
        {"data": b"", "attributes": {"only": "attributes"}},
        {"data": b"three"},
    ]
    ids = subscription.publish(messages)
    frame = reader(spark, subscription, includeAckId="true", **DRAIN)
    rows = {row.message_id: row for row in available_now(start, frame).rows}
    assert list(rows) and sorted(rows) == sorted(ids)
    one, two, three = (rows[i] for i in ids)
    assert (bytes(one.payload), one.attributes, one.ordering_key) == (
        b"\x00\xff one",
        {"k": "v", "é": "ü"},
        "key",
    )
    assert (bytes(two.payload), two.attributes) == (b"", {"only": "attributes"})
    assert (bytes(three.payload), three.attributes, three.ordering_key) == (b"three", {}, None)
    for row in rows.values():
        assert row.publish_time.replace(tzinfo=datetime.timezone.utc) > before
        assert row.ack_id
    assert subscription.unacked() == 0
    assert subscription.remaining() == {}


@pytest.mark.matrix
def test_available_now_ends_and_acks(spark, subscription, start, tmp_path):
    subscription.publish(numbered(5000))
    frame = reader(spark, subscription, payloadType="string", **DRAIN).select("payload")
    target = str(tmp_path / "out")
    writer = frame.writeStream.format("parquet").option("path", target)
    query = start(writer.trigger(availableNow=True))
    assert query.awaitTermination(120)
    found = sorted(int(row.payload) for row in spark.read.parquet(target).collect())
    assert found == list(range(5000))
    assert subscription.unacked() == 0


@pytest.mark.matrix
def test_messages_arrive_while_the_query_runs(spark, subscription, start):
    collected = Collected()
    frame = reader(spark, subscription, payloadType="string").select("payload")
    query = start(frame.writeStream.foreachBatch(collected))
    for first in range(0, 300, 100):
        subscription.publish(numbered(100, first))
        wait_until(lambda: len(collected.rows) >= first + 100)  # noqa: B023
    query.stop()
    assert sorted(int(row.payload) for row in collected.rows) == list(range(300))


@pytest.mark.matrix
def test_a_restart_goes_on_where_the_checkpoint_ends(spark, subscription, start):
    seen = []
    for first in (0, 100, 200):
        subscription.publish(numbered(100, first))
        frame = reader(spark, subscription, payloadType="string", **DRAIN)
        seen.append(sorted(int(row.payload) for row in available_now(start, frame).rows))
    assert seen == [list(range(f, f + 100)) for f in (0, 100, 200)]
    assert subscription.unacked() == 0


@pytest.mark.matrix
def test_once_acks_what_its_one_batch_committed(spark, subscription, start):
    found = []
    for first in (0, 100, 200):
        subscription.publish(numbered(100, first))
        collected = Collected()
        frame = reader(spark, subscription, payloadType="string")
        query = start(frame.writeStream.foreachBatch(collected).trigger(once=True))
        assert query.awaitTermination(120)
        found += [int(row.payload) for row in collected.rows]
    left = [int(data) for data in subscription.remaining().values()]
    assert sorted(found + left) == list(range(300))
    assert found, "no batch read anything"


def test_a_batch_is_the_same_for_every_action(spark, subscription, start):
    subscription.publish(numbered(2000))
    reads = []

    def twice(frame, _):
        reads.append(([r.message_id for r in frame.collect()], frame.count(), frame.count()))

    frame = reader(spark, subscription, **DRAIN).select("message_id")
    query = start(frame.writeStream.foreachBatch(twice).trigger(availableNow=True))
    assert query.awaitTermination(120)
    ids = [i for batch, _, _ in reads for i in batch]
    assert len(ids) == len(set(ids)) == 2000
    assert all(len(batch) == n == m for batch, n, m in reads)
    assert subscription.unacked() == 0


def test_a_union_with_itself_reads_everything_twice(spark, subscription, start):
    subscription.publish(numbered(500))
    frame = reader(spark, subscription, payloadType="string", **DRAIN)
    both = frame.select("payload").union(frame.select("payload"))
    found = sorted(int(row.payload) for row in available_now(start, both).rows)
    assert found == sorted(2 * list(range(500)))
    assert subscription.unacked() == 0


def test_a_limit_consumes_the_batch(spark, subscription, start):
    subscription.publish(numbered(1000))
    got = []
    frame = reader(spark, subscription, numPartitions="1", **DRAIN)
    writer = frame.writeStream.foreachBatch(lambda batch, _: got.append(len(batch.take(5))))
    query = start(writer.trigger(availableNow=True))
    assert query.awaitTermination(120)
    assert got and all(n <= 5 for n in got)


def test_python_workers_read_the_columns(spark, subscription, start):
    subscription.publish(numbered(3000))

    def lengths(batches):
        import pyarrow as pa
        import pyarrow.compute as pc

        for batch in batches:
            length = pc.binary_length(batch.column(0))
            yield pa.RecordBatch.from_arrays([length.cast(pa.int64())], names=["n"])

    frame = reader(spark, subscription, **DRAIN).select("payload").mapInArrow(lengths, "n BIGINT")
    rows = available_now(start, frame).rows
    assert sorted(row.n for row in rows) == sorted(len(p) for p in numbered(3000))


def test_rows_and_partitions_of_a_batch_are_bounded(spark, subscription, start):
    subscription.publish(numbered(1000))
    seen = []

    def note(batch, _):
        seen.append((batch.rdd.getNumPartitions(), batch.count()))

    frame = reader(spark, subscription, maxRowsPerBatch="300", numPartitions="3", **DRAIN)
    query = start(frame.writeStream.foreachBatch(note).trigger(availableNow=True))
    assert query.awaitTermination(120)
    assert sum(rows for _, rows in seen) == 1000
    assert all(rows <= 300 and parts == 3 for parts, rows in seen if rows)


@pytest.mark.matrix
def test_columns_that_nobody_reads_are_null_on_the_way_only(spark, subscription, start):
    subscription.publish([{"data": b"x", "attributes": {"n": str(i)}} for i in range(100)])
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    try:
        frame = reader(spark, subscription, **DRAIN).filter("attributes['n'] >= 50")
        rows = available_now(start, frame.selectExpr("cast(attributes['n'] as int) n")).rows
    finally:
        spark.conf.unset("spark.sql.codegen.wholeStage")
    assert sorted(row.n for row in rows) == list(range(50, 100))
    assert subscription.unacked() == 0


@pytest.mark.matrix
def test_progress_shows_rows_and_the_sources_metrics(spark, subscription, start):
    subscription.publish(numbered(700))
    frame = reader(spark, subscription, **DRAIN)
    query = start(frame.writeStream.format("noop").trigger(availableNow=True))
    assert query.awaitTermination(120)
    progress = query.recentProgress
    assert sum(p["numInputRows"] for p in progress) == 700
    metrics = [p["sources"][0]["metrics"] for p in progress if p["sources"][0].get("metrics")]
    assert metrics, progress
    assert all(float(value) >= 0 for one in metrics for value in one.values())
    last = metrics[-1]
    assert int(last["receivedMessages"]) >= 700
    assert int(last["receivedBytes"]) > 0
    told = {"heldMessages", "heldLeases", "decodeMs", "extendedLeases", "expiredLeases"}
    told |= {"redeliveredMessages", "reopenedStreams"}
    assert told <= set(last), last


def test_memory_is_given_back(spark, subscription, start):
    subscription.publish([b"x" * 10_000] * 200)
    frame = reader(spark, subscription, **DRAIN)
    assert len(available_now(start, frame).rows) == 200
    scan = spark.sparkContext._jvm.org.ferrule.internal.PartitionScan
    wait_until(lambda: scan.processBytes() == 0)


@pytest.mark.matrix
def test_the_ui_shows_what_tasks_did(spark, subscription, start):
    subscription.publish(numbered(600))
    frame = reader(spark, subscription, **DRAIN)
    query = start(frame.writeStream.format("noop").trigger(availableNow=True))
    assert query.awaitTermination(120)
    store = spark._jsparkSession.sharedState().statusStore()

    def shown():
        found = []
        executions = store.executionsList()
        for i in range(executions.size()):
            execution = executions.apply(i)
            metrics = execution.metrics()
            names = {}
            for k in range(metrics.size()):
                metric = metrics.apply(k)
                names[metric.accumulatorId()] = metric.name()
            values = store.executionMetrics(execution.executionId())
            for accumulator, name in names.items():
                value = values.get(accumulator)
                if value.isDefined():
                    found.append((name, value.get()))
        return found

    counted = [int(v) for n, v in wait_until(shown) if n == "messages handed to Spark"]
    assert sum(counted) >= 600
