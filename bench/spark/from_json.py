"""Spark's from_json over a file of JSON lines that is cached in memory, into noop.

usage: from_json.py LINES.jsonl DDL ROUNDS

Prints one line of JSON: messages, bytes, seconds, cpu_seconds of the JVM and max_rss_kb of the
last ROUNDS runs, after as many to warm up. What reading the cached lines costs is taken off.
"""

import json
import os
import sys
import time

from pyspark.sql import functions
from session import Jvm, local_session


def timed(jvm, rounds, frame):
    cpu, started = jvm.cpu_seconds(), time.monotonic()
    for _ in range(rounds):
        frame.write.format("noop").mode("overwrite").save()
    return jvm.cpu_seconds() - cpu, time.monotonic() - started


def main(path, ddl, rounds):
    spark = local_session()
    lines = spark.read.text(path).repartition(2).cache()
    count = lines.count()
    parsed = lines.select(functions.from_json("value", ddl).alias("row")).select("row.*")
    jvm = Jvm(spark)
    for frame in (lines, parsed):
        timed(jvm, rounds, frame)
    idle_cpu, idle_s = timed(jvm, rounds, lines)
    cpu, seconds = timed(jvm, rounds, parsed)
    result = {
        "messages": count * rounds,
        "bytes": os.path.getsize(path) * rounds,
        "seconds": seconds - idle_s,
        "cpu_seconds": cpu - idle_cpu,
        "max_rss_kb": jvm.peak_kb(),
    }
    print(json.dumps(result), flush=True)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
