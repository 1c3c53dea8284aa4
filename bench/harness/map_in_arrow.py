"""The case kernel-map-in-arrow: our kernel in Spark's Python workers, beside what runs there."""

import functools
import json
import shutil
import subprocess
import sys

from . import programs
from .process import client
from .report import Figure, compare

CASE = "kernel-map-in-arrow"
ROWS = 5_000_000
PEERS = (
    ("pyarrow", "pyarrow.compute in mapInArrow", "<= 1"),
    ("rust", "Rust in mapInArrow, pyo3 and arrow-rs", ""),
    ("arrow-udf", "arrow_udf", ""),
    ("pandas-udf", "pandas_udf", ""),
    ("python-udf-arrow", "Python UDF over Arrow", ""),
    ("python-udf", "Python UDF, pickled", ""),
    ("built-in", "built-in expressions", ""),
)
# beyond the largest that is looked at: the size of a batch is not computed row by row
NO_BYTE_CAP = {"spark.sql.execution.arrow.maxBytesPerBatch": "2147483647b"}


@functools.cache
def rust_site():
    """The folder of the Rust peer's module; None where it cannot be built here."""
    source, target = programs.ROOT / "bench/peers/rust", programs.OUT / "rust"
    cargo = shutil.which("cargo")
    why = "there is no cargo"
    if cargo:
        command = [cargo, "build", "--release", "--locked", "--quiet", "--target-dir", target]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            site = target / "site"
            site.mkdir(exist_ok=True)
            made = target / "release/libupper_scale_rs.so"
            shutil.copy(made, site / "upper_scale_rs.abi3.so")
            return site
        why = (done.stderr.strip().splitlines() or ["cargo failed"])[-1]
    print(f"{CASE}: without the peer in Rust: {why}", file=sys.stderr)
    return None


def run(way, conf=None):
    config = {
        "rows": ROWS,
        "runs": 3,
        "jars": "",
        "library": programs.kernel("upper_scale"),
        "options": {},
        "conf": conf or {},
        "sites": [str(s) for s in (programs.ROOT / "build/wheel/site", rust_site()) if s],
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
        if way == "rust" and not rust_site():
            continue
        figures += compare(CASE, ours, peer, run(way), goal)
    capless = run("kernel", NO_BYTE_CAP)
    per_run = ROWS / ours["messages"]
    for metric, key in (("wall, no byte cap", "seconds"), ("CPU, no byte cap", "cpu_seconds")):
        lifted, default = capless[key] * per_run, ours[key] * per_run
        figures.append(Figure(CASE, metric, "s", lifted, "the default cap", default))
    return figures
