"""Each service killed in turn; clusters side by side; clients of every kind at once."""

import os
import signal
import subprocess

import pytest
from conftest import Cluster, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

WRITE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(1000).write.mode("overwrite").saveAsTable("numbers")
print("written")
"""

READ = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("sum", spark.table("numbers").selectExpr("sum(id) AS s").first().s)
"""

CLASSIC = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("shell").config("spark.cores.max", "1").getOrCreate()
assert "connect" not in type(spark).__module__
print("classic", spark.sparkContext.parallelize(range(100), 2).sum())
spark.stop()
"""

SPEC = """
name: squares
storage: viewfs://ferrule/checkpoints
libraries:
  - glob:
      include: squares/**
"""

FLOWS = """
CREATE MATERIALIZED VIEW squares AS SELECT id, id * id AS square FROM range(100)
"""


def kill(cluster, service):
    os.kill(cluster.services()[service]["pid"], signal.SIGKILL)
    wait_for(lambda: cluster.services()[service]["reason"] == "killed by signal 9")


@pytest.fixture(scope="module")
def tables(cluster):
    assert "written" in cluster.run_python(WRITE)
    return cluster


@pytest.mark.parametrize(
    "service", ["spark-worker", "spark-connect", "spark-master", "pubsub-emulator"]
)
def test_a_killed_service_comes_back_and_the_data_is_there(tables, service):
    cluster = tables
    cluster.pubsub("publish", "lines", input="kept\n" * 10)
    waiting = cluster.backlog("lines-sub")
    kill(cluster, service)
    assert cluster.cluster("ps").returncode == 1
    done = cluster.up()
    assert done.returncode == 0, done.stderr
    assert cluster.cluster("ps").returncode == 0
    assert cluster.services()[service]["restarts"] == 1
    assert "sum 499500" in cluster.run_python(READ)
    assert cluster.backlog("lines-sub") == waiting


def test_a_stopped_cluster_starts_with_its_data(tables):
    cluster = tables
    before = cluster.state()["settings"]
    assert cluster.cluster("stop").returncode == 0
    assert cluster.processes() == []
    done = cluster.cluster("start")
    assert done.returncode == 0, done.stderr
    assert cluster.state()["settings"] == before
    assert "sum 499500" in cluster.run_python(READ)


def test_a_client_a_pipeline_and_a_shell_work_at_once(tables):
    cluster = tables
    (cluster.folder / "squares").mkdir()
    (cluster.folder / "squares/flows.sql").write_text(FLOWS)
    (cluster.folder / "spark-pipeline.yml").write_text(SPEC)
    (cluster.folder / "read.py").write_text(READ)
    (cluster.folder / "classic.py").write_text(CLASSIC)
    words = {
        "client": ["read.py"],
        "pipeline": [],
        "shell": ["--classic", "--", "spark-submit", "classic.py"],
    }
    command = [os.environ.get("FERRULE_COMMAND"), "cluster", "run", "--folder", cluster.folder]
    running = {
        name: subprocess.Popen(
            [*command, *more],
            cwd=cluster.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for name, more in words.items()
    }  # fmt: skip
    said = {name: process.communicate(timeout=1200)[0] for name, process in running.items()}
    assert "sum 499500" in said["client"], said["client"]
    assert "Run is COMPLETED" in said["pipeline"], said["pipeline"]
    assert "classic 4950" in said["shell"], said["shell"]


def test_spark_pipelines_itself_works_against_the_cluster(tables):
    cluster = tables
    done = cluster.cluster("run", "--", "spark-pipelines", "dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Run is COMPLETED" in done.stdout
    assert "setLogLevel" not in done.stderr  # what a Spark of its own says
    again = cluster.cluster("run", "--full-refresh", "squares")
    assert again.returncode == 0, again.stdout + again.stderr


def test_two_clusters_side_by_side(tables, tmp_path):
    other = Cluster(tmp_path)
    try:
        done = other.up("--restart", "--workers", 2, "--memory", "1g")
        assert done.returncode == 0, done.stderr
        assert list(other.services()).count("spark-worker-2") == 1
        first = other.services()["pubsub-emulator"]["pid"]
        os.kill(first, signal.SIGKILL)
        # nobody asks for it: the supervisor starts it again
        wait_for(lambda: other.services()["pubsub-emulator"]["restarts"] >= 1)
        wait_for(lambda: other.cluster("ps").returncode == 0)
        assert other.services()["pubsub-emulator"]["pid"] != first
        assert tables.cluster("ps").returncode == 0
        assert other.cluster("stop").returncode == 0
        assert other.processes() == []
        assert len(tables.processes()) >= 4
        assert "sum 499500" in tables.run_python(READ)
    finally:
        other.end()
