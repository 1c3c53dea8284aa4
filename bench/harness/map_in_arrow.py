"""The case kernel-map-in-arrow: our kernel in Spark's Python workers, beside what runs there."""

import json
import subprocess

from . import programs
from .process import client
from .report import Figure, compare

CASE = "kernel-map-in-arrow"
ROWS = 5_000_000
PEERS = (
    ("pyarrow", "pyarrow.compute in mapInArrow", "<= 1"),
    ("arrow-udf", "arrow_udf", ""),
    ("pandas-udf", "pandas_udf", ""),
    ("python-udf-arrow", "Python UDF over Arrow", ""),
    ("python-udf", "Python UDF, pickled", ""),
    ("built-in", "built-in expressions", ""),
)
# beyond the largest that is looked at: the size of a batch is not computed row by row
NO_BYTE_CAP = {"spark.sql.execution.arrow.maxBytesPerBatch": "2147483647b"}


def run(way, conf=None):
    config = {
        "rows": ROWS,
        "runs": 3,
        "jars": "",
        "library": programs.kernel("upper_scale"),
        "options": {},
        "conf": conf or {},
        "site": str(programs.ROOT / "build/wheel/site"),
    }
    path = programs.OUT / f"map-in-arrow-{way}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    script = programs.ROOT / "bench/spark/map_in_arrow.py"
    return client([programs.python_env("run"), script, way, path], timeout=900)


def case():
    subprocess.run([programs.ROOT / "scripts/wheel.sh"], check=True)
    ours = run("kernel")
    figures = []
    for way, peer, goal in PEERS:
        figures += compare(CASE, ours, peer, run(way), goal)
    capless = run("kernel", NO_BYTE_CAP)
    per_run = ROWS / ours["messages"]
    for metric, key in (("wall, no byte cap", "seconds"), ("CPU, no byte cap", "cpu_seconds")):
        lifted, default = capless[key] * per_run, ours[key] * per_run
        figures.append(Figure(CASE, metric, "s", lifted, "the default cap", default))
    return figures
