"""upper(s) and d * 1.5 + id over generated rows into noop, in one of several ways.

usage: kernel.py WAY CONFIG.json

WAY: rows (nothing is done to them), built-in, java-udf, map-in-native, map-in-arrow.
CONFIG: rows, runs, jars (a comma list), library (of the kernel upper_scale), options (of
the kernel), udf (a Java class), conf (of Spark). Half of the runs warm up. Prints one
line of JSON: messages (rows), bytes (of the strings and numbers), seconds, cpu_seconds of
the JVM and its Python workers, and max_rss_kb of the JVM, of the other half.
"""

import json
import os
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
    """Of a process and all below it, those that have ended too."""
    total = 0
    for one in descendants(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / os.sysconf("SC_CLK_TCK")


def main(way, config_path):
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    spark = local_session(config["jars"], config.get("conf"))
    jvm = Jvm(spark)
    rows = spark.range(0, config["rows"], 1, 2).selectExpr(*COLUMNS)
    frame = WAYS[way](spark, rows, config)
    runs = config["runs"]
    for run in range(2 * runs):
        if run == runs:
            cpu, started = cpu_seconds(jvm.pid), time.monotonic()
        frame.write.format("noop").mode("overwrite").save()
    result = {
        "messages": config["rows"] * runs,
        "bytes": config["rows"] * runs * ROW_BYTES,
        "seconds": time.monotonic() - started,
        "cpu_seconds": cpu_seconds(jvm.pid) - cpu,
        "max_rss_kb": jvm.peak_kb(),
    }
    print(json.dumps(result), flush=True)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in WAYS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
