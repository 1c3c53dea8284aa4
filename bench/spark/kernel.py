"""upper(s) and d * 1.5 + id over generated rows into noop, in several ways.

usage: kernel.py WAY[,WAY...] CONFIG.json

WAY: rows (nothing is done to them), built-in, java-udf, map-in-native, map-in-arrow.
Several ways run in turn in one JVM, for those whose work in the JVM is the same.
CONFIG: rows, runs, jars (a comma list), library (of the kernel upper_scale), options (of
the kernel), udf (a Java class), conf (of Spark). There are as many runs before, to warm
up. Prints one line of JSON, for each way: messages (rows of a run), bytes (of the strings
and numbers), the middle run's seconds and cpu_seconds, worker_cpu_seconds of it those of
the Python workers, and max_rss_kb; all of the JVM and its workers together.
"""

import json
import os
import statistics
import sys
import time

from pyspark.sql import DataFrame
from session import Jvm, local_session

COLUMNS = ["id", "concat('Name-', id % 1000) s", "id * 0.25D d"]
RESULT = "upper_s STRING, scaled DOUBLE"
ROW_BYTES = 8 + 8 + 8  # the strings have 6 to 8


def upper_scale(batches):
    """The same by pyarrow.compute."""
    import pyarrow
    from pyarrow import compute

    for batch in batches:
        scaled = compute.multiply(batch.column(2), 1.5)
        scaled = compute.add(scaled, compute.cast(batch.column(0), pyarrow.float64()))
        columns = [compute.utf8_upper(batch.column(1)), scaled]
        yield pyarrow.RecordBatch.from_arrays(columns, ["upper_s", "scaled"])


def only_rows(spark, rows, config):
    return rows


def built_in(spark, rows, config):
    return rows.selectExpr("upper(s) upper_s", "d * 1.5D + id scaled")


def java_udf(spark, rows, config):
    from pyspark.sql import types

    spark.udf.registerJavaFunction("java_upper", config["udf"] + "$Upper", types.StringType())
    spark.udf.registerJavaFunction("java_scale", config["udf"] + "$Scale", types.DoubleType())
    return rows.selectExpr("java_upper(s) upper_s", "java_scale(d, id) scaled")


def map_in_native(spark, rows, config):
    ferrule = spark._jvm.org.ferrule.Ferrule
    made = ferrule.mapInNative(rows._jdf, config["library"], "upper_scale", config["options"])
    return DataFrame(made, spark)


def map_in_arrow(spark, rows, config):
    return rows.mapInArrow(upper_scale, RESULT)


WAYS = {
    "rows": only_rows,
    "built-in": built_in,
    "java-udf": java_udf,
    "map-in-native": map_in_native,
    "map-in-arrow": map_in_arrow,
}


def descendants(pid):
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(pid):
    """Of a process and of its children that have ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(int(fields[i]) for i in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid):
    """From here on VmHWM is that of what follows."""
    try:
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:  # it has ended
        pass


def peak_kb(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def measured(jvm, work):
    """What a run took: seconds, CPU in all, CPU of the workers, peak memory."""
    for pid in descendants(jvm):
        forget_peak(pid)
    in_jvm, in_all = cpu_seconds(jvm), sum(map(cpu_seconds, descendants(jvm)))
    started = time.monotonic()
    work()
    seconds = time.monotonic() - started
    in_jvm, in_all = cpu_seconds(jvm) - in_jvm, sum(map(cpu_seconds, descendants(jvm))) - in_all
    return seconds, in_all, in_all - in_jvm, sum(map(peak_kb, descendants(jvm)))


def main(ways, config_path):
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    spark = local_session(config["jars"], config.get("conf"))
    jvm = Jvm(spark)
    rows = spark.range(0, config["rows"], 1, 2).selectExpr(*COLUMNS)
    frames = {way: WAYS[way](spark, rows, config) for way in ways}
    runs = {way: [] for way in ways}
    for _ in range(2 * config["runs"]):
        for way, frame in frames.items():
            write = frame.write.format("noop").mode("overwrite")
            runs[way].append(measured(jvm.pid, write.save))
    results = {}
    for way, done in runs.items():
        seconds, cpu, of_workers, peak = zip(*done[config["runs"] :], strict=True)
        results[way] = {
            "messages": config["rows"],
            "bytes": config["rows"] * ROW_BYTES,
            "seconds": statistics.median(seconds),
            "cpu_seconds": statistics.median(cpu),
            "worker_cpu_seconds": statistics.median(of_workers),
            "max_rss_kb": max(peak),
        }
    print(json.dumps(results), flush=True)
    spark.stop()


def asked(arguments):
    """The ways and the configuration that a command line names."""
    ways = arguments[0].split(",") if len(arguments) == 2 else []
    if not ways or not set(ways) <= WAYS.keys():
        sys.exit(sys.modules["__main__"].__doc__)
    return ways, arguments[1]


if __name__ == "__main__":
    main(*asked(sys.argv[1:]))
