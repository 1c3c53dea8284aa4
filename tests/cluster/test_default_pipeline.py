"""The pipeline of spark-pipeline.yml as it lies in the project, and a client without a JVM."""

import json
import math
import os
import shutil
import subprocess

import pytest
from conftest import ROOT, Cluster, wheel

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

COUNTS = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
delays = spark.table("delay_by_carrier").orderBy("carrier").collect()
print("flights", spark.table("flights").count())
print("delays", [(r.carrier, r.flights, r.arr_delay_min, r.without_arrival) for r in delays])
"""


PATHS = """
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
paths = spark.table("flight_paths")
print("paths", paths.count(), paths.where("km IS NULL").count())
row = paths.where("dest = 'ORD'").first()
print("ord", row.km, row.published_km, row.heading, row.kmh)
print("speeds", [(r.heading, r.flights) for r in spark.table("speed_by_heading").collect()])
"""

# the kernel's columns in another order, one of them of another type
WRONG = """
import pathlib
import ferrule
from pyspark import pipelines as dp
from pyspark.sql import SparkSession
spark = SparkSession.active()
kernel = ferrule.kernel.compile(pathlib.Path("KERNEL"))

@dp.materialized_view
def numbers():
    return spark.range(3)

@dp.materialized_view
def wrong():
    return ferrule.spark.map_in_native(spark.read.table("numbers"), kernel)
"""


def flight(n):
    return {
        "year": 2013, "month": 1, "day": 1 + n % 28, "dep_delay": n % 60, "hour": n % 24,
        "arr_delay": None if n % 10 == 0 else 30, "carrier": "UA" if n % 2 else "DL",
        "origin": "EWR", "dest": "ORD" if n % 5 else "SJU", "air_time": 120, "distance": 719,
        "time_hour": "2013-01-01T10:00:00Z",
    }  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("demo"))
    made.project = "demo"
    for part in ("pipeline", "kernels"):
        shutil.copytree(ROOT / "cluster" / part, made.folder / "cluster" / part)
    shutil.copy(ROOT / "spark-pipeline.yml", made.folder)
    done = made.up("--subscription", "flights-sub:flights", "--wheel", wheel())
    try:
        assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.end()


def publish(cluster, numbers):
    text = "".join(json.dumps(flight(n)) + "\n" for n in numbers)
    cluster.pubsub("publish", "flights", input=text)


def test_rows_in_are_rows_out_update_after_update(demo):
    publish(demo, range(1000))
    assert demo.cluster("run").returncode == 0
    told = demo.run_python(COUNTS)
    assert "flights 1000\n" in told
    assert "delays [('DL', 500, 30.0, 100), ('UA', 500, 30.0, 0)]" in told
    publish(demo, range(1000, 1500))
    assert demo.cluster("run").returncode == 0
    assert "flights 1500\n" in demo.run_python(COUNTS)
    assert demo.backlog("flights-sub") == 0


def great_circle_km(lat1, lon1, lat2, lon2):
    """By the law of cosines, where the kernel has haversines."""
    a, b, c = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)
    return 6371.0088 * math.acos(cosine)


def test_the_kernel_gives_what_arithmetic_gives(demo):
    told = demo.run_python(PATHS)
    assert "paths 1500 300\n" in told  # SJU is in no list of airports
    km, published, heading, kmh = next(
        line.split()[1:] for line in told.splitlines() if line.startswith("ord ")
    )
    expected = great_circle_km(40.6925, -74.168667, 41.978603, -87.904842)
    assert math.isclose(float(km), expected, rel_tol=1e-9)
    assert math.isclose(float(kmh), expected / 2, rel_tol=1e-9)
    assert math.isclose(float(published), 719 * 1.609344)
    assert heading == "W"
    assert "('W', 1200)" in told and "(None, 300)" in told


def test_spark_pipelines_knows_the_kernel(demo):
    done = demo.cluster("run", "--", "spark-pipelines", "dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    done = demo.cluster("run", "--", "spark-pipelines", "run", "--full-refresh", "flight_paths")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flight_paths has COMPLETED" in done.stdout + done.stderr
    assert "paths 1500 300\n" in demo.run_python(PATHS)


def test_a_kernel_over_other_columns_is_refused_before_it_runs(demo):
    flows = demo.folder / "wrong"
    flows.mkdir()
    kernel = demo.folder / "cluster/kernels/flight_path.c"
    (flows / "flows.py").write_text(WRONG.replace("KERNEL", str(kernel)))
    spec = (demo.folder / "spark-pipeline.yml").read_text()
    (demo.folder / "wrong.yml").write_text(spec.replace("cluster/pipeline/**", "wrong/**"))
    done = demo.cluster("run", "--dry", "wrong.yml")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "the schema of input 0 differs from the one declared" in said, said
    assert "`carrier` STRING" in said


def test_a_client_without_a_jvm_runs_source_kernel_and_views(demo):
    made = subprocess.run(
        [ROOT / "scripts/python-env.sh", "client"], check=True, text=True, stdout=subprocess.PIPE
    )
    publish(demo, range(77))
    remote = f"sc://127.0.0.1:{demo.port_base + 2}"
    done = subprocess.run(
        [f"{made.stdout.strip()}/bin/python", ROOT / "examples/connect/flights.py",
            remote, demo.emulator],
        capture_output=True, text=True, timeout=600,
        env={**os.environ, "PYTHONPATH": str(demo.folder / ".cluster/lib/site")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    fastest = [line.split() for line in done.stdout.splitlines() if "ORD" in line.split()]
    assert fastest[0][1:3] == ["EWR", "ORD"] and fastest[0][5] == "W", done.stdout
    assert "77 messages wait in flights-sub" in done.stdout
    assert demo.backlog("flights-sub") == 77
