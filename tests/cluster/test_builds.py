"""Builds that change under a running cluster, logs that grow, Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess

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


class Follower:
    """`ferrule cluster logs` of the applications, and lines that one of them writes."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.said = 0
        self.log = cluster.folder / ".cluster/logs/spark-app.log"
        self.say(1)
        self.heard = cluster.folder / f"heard-{name}"
        words = ["cluster", "logs", "--folder", cluster.folder, "--service", "spark-app"]
        with open(self.heard, "w") as file:
            self.process = subprocess.Popen([COMMAND, *words, "--json"], stdout=file)
        wait_for(lambda: self.numbers() == [0])  # from here on nothing is only its tail

    def say(self, n):
        """An application that writes n lines more."""
        form = f"line %.0f of {self.name}"
        last = self.said + n - 1
        done = self.cluster.cluster("run", "--", "seq", "-f", form, self.said, last)
        assert done.returncode == 0, done.stderr
        self.said += n

    def messages(self):
        lines = self.heard.read_text().splitlines(keepends=True)
        return [json.loads(line)["message"] for line in lines if line.endswith("\n")]

    def numbers(self):
        words = [m.split() for m in self.messages() if m.endswith(f" of {self.name}")]
        return [int(w[1]) for w in words]

    def put_aside(self):
        """Says more until the log is put aside, once."""
        before = self.former()
        while self.former() == before and self.log.stat().st_size < LOG_BYTES:
            self.say(2000)
        wait_for(lambda: self.former() != before and self.log.stat().st_size < LOG_BYTES)

    def former(self):
        position = self.log.with_name(self.log.name + ".position")
        return position.read_bytes() if position.exists() else b""

    def stopped(self):
        self.process.send_signal(signal.SIGSTOP)

    def goes_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.goes_on()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0


@pytest.fixture
def follower(small_logs, request):
    made = Follower(small_logs, request.node.name)
    yield made
    made.end()


def test_logs_are_bounded_and_followed(follower):
    for _ in range(4):
        follower.put_aside()
        wait_for(lambda: len(follower.numbers()) >= follower.said)
    assert follower.numbers() == list(range(follower.said))
    former = follower.log.with_name(follower.log.name + ".1")
    assert former.stat().st_size < 2 * LOG_BYTES
    shown = follower.cluster.cluster("logs", "--no-follow", "--service", "spark-app").stdout
    assert f"line {follower.said - 1} of {follower.name}" in shown


def test_a_follower_without_cpu_misses_nothing_that_is_kept(follower):
    for _ in range(3):
        follower.put_aside()
        wait_for(lambda: len(follower.numbers()) >= follower.said)
        follower.stopped()
        follower.put_aside()  # once: what it has not read is all there
        follower.goes_on()
        wait_for(lambda: len(follower.numbers()) >= follower.said)
    assert follower.numbers() == list(range(follower.said))


def test_a_follower_without_cpu_for_too_long_says_what_it_missed(follower):
    follower.say(100)
    wait_for(lambda: len(follower.numbers()) >= follower.said)
    follower.stopped()
    for _ in range(3):
        follower.put_aside()
    follower.goes_on()
    wait_for(lambda: follower.said - 1 in follower.numbers())
    told = [m for m in follower.messages() if "bytes of this log are not shown" in m]
    assert len(told) == 1, told
    numbers = follower.numbers()
    assert numbers == sorted(set(numbers))
    missed = sorted(set(range(follower.said)) - set(numbers))
    stamp = len("2026-01-31T10:00:00.000Z ")
    size = sum(stamp + len(f"line {n} of {follower.name}\n") for n in missed)
    # all of it but the rest of the line in whose middle the log begins
    assert 0 <= size - int(told[0].split()[0]) < 200


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
    supervised = {str(cluster.state()["supervisorPid"]), *map(str, cluster.processes())}
    # the watcher's last second of sleep may go on for as long
    wait_for(lambda: {p for p in os.listdir("/proc") if mark in environ(p)} <= supervised)
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
