"""Where the rows of a query go."""

import os
import signal
import time
import uuid


def files(frame, path):
    """Spark's own file sink: a batch is there once, or not at all."""
    return frame.writeStream.format("parquet").option("path", path)


def nowhere(frame, path):
    return frame.writeStream.format("noop")


def appended(frame, path, seconds=0):
    """A sink that knows no batch: what is written again is there again."""

    def write(rows, _):
        time.sleep(seconds)
        rows.write.parquet(f"{path}/{uuid.uuid4().hex}")

    return frame.writeStream.foreachBatch(write)


def twice(frame, path):
    """Two actions on every batch."""

    def write(rows, batch):
        for action in ("one", "two"):
            rows.write.parquet(f"{path}/{action}/{batch}")

    return frame.writeStream.foreachBatch(write)


def some_of(frame, path, rows):
    def write(batch, number):
        batch.limit(rows).write.parquet(f"{path}/{number}")

    return frame.writeStream.foreachBatch(write)


def by_batch(frame, path, kill=None):
    """Idempotent: skips a batch that it has. kill: dies once after writing that batch."""
    jvm = frame.sparkSession._jvm.java.lang.ProcessHandle.current().pid()

    def write(rows, batch):
        target = f"{path}/{batch}"
        if os.path.exists(f"{target}/_SUCCESS"):
            return
        rows.write.mode("overwrite").parquet(target)
        if batch == kill:
            os.kill(jvm, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    return frame.writeStream.foreachBatch(write)
