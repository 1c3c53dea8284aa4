"""Clusters in folders of their own, on ports that nobody else uses."""

import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))
COMMAND = os.environ.get("FERRULE_COMMAND") or str(ROOT / "build/dev/ferrule")
JAR = os.environ.get("FERRULE_JAR", "")
PORTS = 16 + 2 * 8
# a machine under load takes minutes for what takes seconds
PATIENCE_S = 280


@pytest.fixture(scope="session", autouse=True)
def environment():
    """The cluster's own Python, and the class archive only where make up has left one."""
    script = [ROOT / "scripts/python-env.sh", "run"]
    made = subprocess.run(script, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    os.environ["PYSPARK_PYTHON"] = f"{made}/bin/python"
    os.environ["FERRULE_CLASS_ARCHIVE"] = "read"


def free_port_base():
    """The first of PORTS ports in a row that nobody listens on, below the ephemeral ones."""
    while True:
        base = random.randrange(12000, 31000, 32)
        try:
            for port in range(base, base + PORTS):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue


def wheel():
    """Ferrule's wheel, built where it is older than its sources."""
    if "FERRULE_WHEEL" not in os.environ:
        subprocess.run([ROOT / "scripts/wheel.sh"], check=True)
        (made,) = (ROOT / "build/wheel").glob("ferrule-*.whl")
        os.environ["FERRULE_WHEEL"] = str(made)
    return os.environ["FERRULE_WHEEL"]


def wait_for(what):
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Cluster:
    """A folder, and `ferrule cluster` for it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port_base = free_port_base()
        self.project = f"project-{self.port_base}"

    def ferrule(self, *words, env=None, timeout=PATIENCE_S, **more):
        environment = {**os.environ, **(env or {})}
        return subprocess.run(
            [COMMAND, *map(str, words)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment,
            timeout=timeout,
            **more,
        )

    def cluster(self, verb, *words, **more):
        return self.ferrule("cluster", verb, "--folder", self.folder, *words, **more)

    def settings(self):
        own = self.folder / "ferrule.jar"
        if JAR and not own.exists():
            shutil.copyfile(JAR, own)
        jar = ["--jar", own] if JAR else []
        topics = ["--project", self.project, "--subscription", "lines-sub:lines"]
        modules = self.folder / "modules"
        modules.mkdir(exist_ok=True)
        (modules / "on_the_cluster.py").write_text('MARK = "found"\n')
        jar += ["--python-path", modules]
        return ["--port-base", self.port_base, *topics, *jar]

    def up(self, *words, **more):
        return self.cluster("up", "--timeout", PATIENCE_S - 10, *self.settings(), *words, **more)

    def services(self):
        """name -> what ps tells of it."""
        done = self.cluster("ps", "--json")
        return {s["name"]: s for s in json.loads(done.stdout)}

    def state(self):
        return json.loads((self.folder / ".cluster/state.json").read_text())

    @property
    def emulator(self):
        return f"127.0.0.1:{self.port_base + 4}"

    def pubsub(self, *words, **more):
        where = ["--emulator-host", self.emulator, "--project", self.project]
        done = self.ferrule("pubsub", *words, *where, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def backlog(self, subscription):
        where = ["--host-port", self.emulator, "--project", self.project]
        done = self.ferrule("emulator", "backlog", subscription, *where)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[0])

    def run_python(self, text, *words, **more):
        """A script as the application spark-app; its output."""
        script = self.folder / "script.py"
        script.write_text(text)
        done = self.cluster("run", *words, "script.py", **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def processes(self):
        """Every process that bears the mark of this cluster."""
        mark = f"FERRULE_CLUSTER={self.state()['id']}".encode()
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def end(self):
        self.cluster("clean", "--force")


@pytest.fixture
def idle(tmp_path):
    """A cluster that nothing has started."""
    made = Cluster(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster that runs, shared by the module."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    done = made.up()
    try:
        assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.end()
