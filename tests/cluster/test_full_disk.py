"""A disk that becomes full while the cluster runs."""

import json
import os
import signal
import subprocess

import pytest
from conftest import Cluster, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

WRITE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(4_000_000).selectExpr("id", "uuid() AS u").write.saveAsTable("more")
"""

READ = """
from pyspark.sql import SparkSession
print("rows", SparkSession.builder.getOrCreate().range(10).count())
"""


@pytest.fixture
def small(tmp_path):
    """A cluster whose folder is a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.end()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Takes the last byte."""
    with open(folder / "filler", "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break
    assert os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize < 1 << 20


def test_the_state_stays_valid_and_the_disk_is_named(small):
    cluster = small
    assert cluster.up().returncode == 0
    assert "rows 10" in cluster.run_python(READ)
    (cluster.folder / "write.py").write_text(WRITE)
    fill(cluster.folder)

    shown = cluster.cluster("ps")
    assert f"the disk of {cluster.folder} is full" in shown.stderr
    assert "spark-connect    ready" in shown.stdout
    failed = cluster.cluster("run", "write.py")
    assert failed.returncode != 0
    assert f"the disk of {cluster.folder} is full" in failed.stderr

    # what happens now is still written down
    os.kill(cluster.services()["pubsub-emulator"]["pid"], signal.SIGKILL)
    reason = "killed by signal 9"
    wait_for(lambda: cluster.services()["pubsub-emulator"]["reason"] == reason)
    json.loads((cluster.folder / ".cluster/state.json").read_text())
    assert cluster.cluster("ps").returncode == 1

    stopped = cluster.cluster("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert cluster.processes() == []
    json.loads((cluster.folder / ".cluster/state.json").read_text())
    refused = cluster.cluster("start")
    assert refused.returncode == 1
    assert "  disk: " in refused.stderr and "MB free in" in refused.stderr

    (cluster.folder / "filler").unlink()
    assert cluster.cluster("start").returncode == 0
    assert cluster.cluster("ps").returncode == 0
    assert "rows 10" in cluster.run_python(READ)
