"""What a query does with the rows of the source, and what goes wrong in its tasks.

A marker is a file that the first task to come makes: what is to happen once happens there.
"""

import os
import signal
import time

from pyspark import TaskContext


def executor_pid():
    """The JVM above the daemon that forked this worker."""
    with open(f"/proc/{os.getppid()}/stat", encoding="ascii") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[1])


def first_to_take(marker):
    try:
        with open(marker, "x", encoding="ascii") as made:
            made.write(str(executor_pid()))
        return True
    except FileExistsError:
        return False


def visit(folder):
    """Leaves a note of which executor runs this task: a file TASK-EXECUTOR."""
    task = TaskContext.get()
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{task.stageId()}.{task.partitionId()}-{executor_pid()}", "w"):
        pass


def numbers(frame):
    return frame.selectExpr("cast(cast(payload AS STRING) AS BIGINT) AS n")


def keyed(frame):
    return frame.selectExpr("cast(cast(payload AS STRING) AS BIGINT) AS n", "ordering_key")


def declared(frame):
    """Rows of a schema that the user gave."""
    return frame.select("n")


def in_tasks(rows, what):
    """Calls what(chunks before) between the chunks of every task, after the first one too."""

    def through(chunks):
        for before, chunk in enumerate(chunks, 1):
            yield chunk
            what(before)

    return rows.mapInArrow(through, rows.schema)


def slow(frame, seconds):
    """Every task takes longer."""
    return in_tasks(numbers(frame), lambda before: before == 1 and time.sleep(seconds))


def sizes_slowly(frame, seconds):
    """Every chunk of rows takes long."""
    sizes = frame.selectExpr("length(payload) AS n")
    return in_tasks(sizes, lambda _: time.sleep(seconds))


def killed_midway(frame, marker):
    def kill(before):
        if before == 2 and first_to_take(marker):
            os.kill(executor_pid(), signal.SIGKILL)
            time.sleep(60)

    return in_tasks(numbers(frame), kill)


def killed_after_shuffle(frame, marker):
    """Tasks of the second stage run only when all of the first have written."""

    def kill(before):
        if before == 1 and first_to_take(marker):
            os.kill(executor_pid(), signal.SIGKILL)
            time.sleep(60)

    return in_tasks(numbers(frame).repartition(4), kill)


def failed_once(frame, marker, visits):
    def fail(before):
        if before == 1:
            visit(visits)
        if before == 2 and first_to_take(marker):
            raise RuntimeError("this task fails once")

    return in_tasks(numbers(frame), fail)


def slow_once(frame, marker, visits, seconds):
    """The first task to come takes long, so that Spark runs a copy of it."""

    def linger(before):
        if before == 1:
            visit(visits)
            if first_to_take(marker):
                time.sleep(seconds)

    return in_tasks(numbers(frame), linger)


def joined_with_itself(frame):
    one, other = numbers(frame), numbers(frame)
    return one.alias("a").join(other.alias("b"), "n").select("n")


def united_with_itself(frame):
    return numbers(frame).union(numbers(frame))


def in_one_partition(frame):
    return numbers(frame).coalesce(1)


def first_rows(frame, rows):
    return numbers(frame).limit(rows)
