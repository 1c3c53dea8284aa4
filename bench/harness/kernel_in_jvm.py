"""The case kernel-in-jvm: a kernel inside the JVM, beside what else does its work there."""

import json

from . import programs
from .process import client
from .report import Figure, compare

CASE = "kernel-in-jvm"
ROWS = 5_000_000
RUNS = 20  # measured, after as many to warm up: C2 compiles during the first
PEERS = (
    ("built-in", "built-in expressions", "<= 0.9"),
    ("java-udf", "Java UDF", ""),
    ("map-in-arrow", "mapInArrow, pyarrow.compute", "<= 1/6"),
)


def run(way):
    config = {
        "rows": ROWS,
        "runs": RUNS,
        "jars": ",".join([programs.our_jar(), programs.spark_jars("bench/peers/spark-udf")]),
        "library": programs.kernel("upper_scale"),
        "options": {},
        "udf": "org.ferrule.bench.udf.Functions",
    }
    path = programs.OUT / f"kernel-in-jvm-{way}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    script = programs.ROOT / "bench/spark/kernel.py"
    return client([programs.python_env("run"), script, way, path], timeout=900)[way]


def floor(rows_only, ours, theirs):
    """What the kernel and the expressions cost beyond making the rows and dropping them."""
    added = [r["cpu_seconds"] - rows_only["cpu_seconds"] for r in (ours, theirs)]
    return Figure(CASE, "cpu beyond the rows", "CPU-s", added[0], "built-in expressions", added[1])


def case():
    ours = run("map-in-native")
    figures = []
    for way, peer, goal in PEERS:
        theirs = run(way)
        figures += compare(CASE, ours, peer, theirs, goal)
        if way == "built-in":
            figures.append(floor(run("rows"), ours, theirs))
    return figures
