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
# what these do in the JVM is the same: they run in turn in one, and the workers' CPU tells
# how they differ
IN_TURN = (
    ("pyarrow", "pyarrow.compute in mapInArrow", "<= 1"),
    ("rust", "Rust in mapInArrow, pyo3 and arrow-rs", ""),
)
RUNS_IN_TURN = 10
PEERS = (
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


def run(ways, runs=3, conf=None):
    """What each way took, after as many runs to warm up."""
    config = {
        "rows": ROWS,
        "runs": runs,
        "jars": "",
        "library": programs.kernel("upper_scale"),
        "options": {},
        "conf": conf or {},
        "sites": [str(s) for s in (programs.ROOT / "build/wheel/site", rust_site()) if s],
    }
    path = programs.OUT / f"map-in-arrow-{ways[0]}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    script = programs.ROOT / "bench/spark/map_in_arrow.py"
    return client([programs.python_env("run"), script, ",".join(ways), path], timeout=900)


def case():
    subprocess.run([programs.ROOT / "scripts/wheel.sh"], check=True)
    in_turn = [peer for peer in IN_TURN if peer[0] != "rust" or rust_site()]
    done = run(["kernel", *(way for way, _, _ in in_turn)], RUNS_IN_TURN)
    ours = done["kernel"]
    figures = []
    for way, peer, goal in in_turn:
        figures += compare(CASE, ours, peer, done[way], goal)
        of_workers = [r["worker_cpu_seconds"] for r in (ours, done[way])]
        figures.append(Figure(CASE, "CPU of the workers", "s", of_workers[0], peer, of_workers[1]))
    for way, peer, goal in PEERS:
        figures += compare(CASE, ours, peer, run([way])[way], goal)
    capless = run(["kernel"], RUNS_IN_TURN, NO_BYTE_CAP)["kernel"]
    for metric, key in (("wall, no byte cap", "seconds"), ("CPU, no byte cap", "cpu_seconds")):
        figures.append(Figure(CASE, metric, "s", capless[key], "the default cap", ours[key]))
    return figures
