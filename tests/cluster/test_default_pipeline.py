"""The pipeline of spark-pipeline.yml as it lies in the project, and a client without a JVM."""

import json
import shutil
import subprocess

import pytest
from conftest import ROOT, Cluster

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

COUNTS = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
delays = spark.table("delay_by_carrier").orderBy("carrier").collect()
print("flights", spark.table("flights").count())
print("delays", [(r.carrier, r.flights, r.arr_delay_min, r.without_arrival) for r in delays])
"""


def flight(n):
    return {
        "year": 2013, "month": 1, "day": 1 + n % 28, "dep_delay": n % 60, "hour": n % 24,
        "arr_delay": None if n % 10 == 0 else 30, "carrier": "UA" if n % 2 else "DL",
        "origin": "EWR", "dest": "ORD", "time_hour": "2013-01-01T10:00:00Z",
    }  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("demo"))
    made.project = "demo"
    shutil.copytree(ROOT / "cluster/pipeline", made.folder / "cluster/pipeline")
    shutil.copy(ROOT / "spark-pipeline.yml", made.folder)
    done = made.up("--subscription", "flights-sub:flights")
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


def test_a_client_without_a_jvm_reads_tables_and_the_source(demo):
    made = subprocess.run(
        [ROOT / "scripts/python-env.sh", "client"], check=True, text=True, stdout=subprocess.PIPE
    )
    publish(demo, range(77))
    remote = f"sc://127.0.0.1:{demo.port_base + 2}"
    done = subprocess.run(
        [f"{made.stdout.strip()}/bin/python", ROOT / "examples/connect/flights.py",
            remote, demo.emulator],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "77 messages wait in flights-sub" in done.stdout
    assert demo.backlog("flights-sub") == 77
