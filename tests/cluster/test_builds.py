"""Builds that change under a running cluster, logs that grow, Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import COMMAND, JAR, ROOT, wait_for, wheel

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

WAIT = """
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("connected", spark.range(3).count(), flush=True)
time.sleep(3600)
"""

LOG_BYTES = 256 * 1024


@pytest.fixture(scope="module")
def small_logs(cluster):
    """The module's cluster, with logs that are soon full."""
    assert cluster.cluster("stop").returncode == 0
    done = cluster.up("--log-size", "256k")
    assert done.returncode == 0, done.stderr
    return cluster


def say(cluster, n, first=0):
    """An application that writes n lines."""
    last = first + n - 1
    done = cluster.cluster("run", "--", "seq", "-f", "line %.0f of the application", first, last)
    assert done.returncode == 0, done.stderr


def test_logs_are_bounded_and_followed(small_logs):
    cluster = small_logs
    logs = cluster.folder / ".cluster/logs"
    follow = [COMMAND, "cluster", "logs", "--folder", cluster.folder, "--service", "spark-app"]
    heard = open(cluster.folder / "heard", "w+")
    follower = subprocess.Popen([*follow, "--json"], stdout=heard)
    rounds, lines = 8, 5000
    try:
        for n in range(rounds):
            say(cluster, lines, n * lines)
            wait_for(lambda: (logs / "spark-app.log").stat().st_size < LOG_BYTES)
            time.sleep(0.5)  # the follower looks five times a second
        assert (logs / "spark-app.log.1").stat().st_size < 2 * LOG_BYTES

        def messages():
            heard.seek(0)
            return [json.loads(line)["message"] for line in heard if line.endswith("\n")]

        wait_for(lambda: len(messages()) >= rounds * lines)
        expected = [f"line {n} of the application" for n in range(rounds * lines)]
        assert messages() == expected
    finally:
        follower.send_signal(signal.SIGINT)
        assert follower.wait(60) == 0
        heard.close()
    shown = cluster.cluster("logs", "--no-follow", "--service", "spark-app").stdout
    assert f"line {rounds * lines - 1} of the application" in shown


def test_an_older_build_is_renewed_when_nobody_uses_it(cluster):
    before = cluster.services()["spark-connect"]["pid"]
    jar = cluster.folder / "ferrule.jar"
    more = ["--log-size", cluster.state()["settings"]["logBytes"]]
    (cluster.folder / "wait.py").write_text(WAIT)
    with open(cluster.folder / "said", "w+") as said:
        words = ["cluster", "run", "--folder", cluster.folder, "wait.py"]
        client = subprocess.Popen(
            [COMMAND, *words], cwd=cluster.folder, stdout=said, start_new_session=True
        )
        wait_for(lambda: "connected 3" in (cluster.folder / "said").read_text())
        shutil.copyfile(JAR, jar)
        with open(jar, "ab") as file:
            file.write(b"\0")  # a zip may have what it likes behind its end
        used = cluster.up("--renew", *more)
        assert used.returncode == 0, used.stderr
        assert "older build (jar has changed)" in used.stderr
        assert cluster.services()["spark-connect"]["pid"] == before
        os.killpg(client.pid, signal.SIGINT)
        client.wait(120)
    done = cluster.up("--renew", *more)
    assert done.returncode == 0, done.stderr
    assert "built anew" in done.stderr
    assert cluster.services()["spark-connect"]["pid"] != before
    assert cluster.cluster("ps").stderr == ""


@pytest.fixture
def make_run(idle):
    """scripts/run.sh in a folder of its own, as make run calls it."""
    environment = {
        **os.environ,
        "FERRULE_COMMAND": COMMAND,
        "FERRULE_JAR": JAR,
        "FERRULE_WHEEL": wheel(),
        "FERRULE_FOLDER": str(idle.folder),
    }

    def start():
        log = open(idle.folder / "run.log", "w")
        words = [ROOT / "scripts/run.sh", "--port-base", str(idle.port_base)]
        with log:
            return subprocess.Popen(
                words, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    return idle, start


def test_ctrl_c_ends_the_run_and_not_the_cluster(make_run):
    cluster, start = make_run
    said = cluster.folder / "run.log"
    run = start()
    wait_for(lambda: "Starting run" in said.read_text() or run.poll() is not None)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(120) == 130, said.read_text()
    assert "The cluster goes on" in said.read_text()
    assert "make stop" in said.read_text()
    services = cluster.services()
    assert services["spark-app"]["state"] == "ended"
    assert services["spark-app"]["reason"] == "exit code 130"
    assert cluster.cluster("ps").returncode == 0
    mark = f"FERRULE_FOLDER={cluster.folder}".encode()
    left = [p for p in os.listdir("/proc") if p.isdigit() and mark in environ(p)]
    supervised = {str(cluster.state()["supervisorPid"]), *map(str, cluster.processes())}
    assert set(left) <= supervised, left
    # and the next run starts from the beginning
    again = start()
    assert again.wait(1500) == 0, said.read_text()
    assert "rows published = rows stored = 336,776" in said.read_text()
    assert "paths of 336,776 flights" in said.read_text()


def environ(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []
