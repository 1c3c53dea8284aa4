"""Reading a subscription into Python, as the tests want it."""

import time


def reader(spark, subscription, schema=None, **options):
    """A stream over the subscription."""
    source = spark.readStream.format("pubsub-native").options(**subscription.options(**options))
    return (source.schema(schema) if schema else source).load()


class Collected:
    """Rows of a stream by batch, gathered by foreachBatch."""

    def __init__(self):
        self.batches = []

    def __call__(self, frame, batch_id):
        self.batches.append(frame.collect())

    @property
    def rows(self):
        return [row for batch in self.batches for row in batch]


def available_now(start, frame, **options):
    """Runs a query over all that waits; returns the rows."""
    collected = Collected()
    writer = frame.writeStream.foreachBatch(collected).trigger(availableNow=True)
    query = start(writer, **options)
    assert query.awaitTermination(120), "AvailableNow did not end"
    return collected


def wait_until(what, limit_s=120):
    """Calls what until it gives something true, and returns that."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {limit_s} s")


def numbered(n, first=0):
    return [b"%d" % i for i in range(first, first + n)]
