"""`ferrule cluster` beside the plain start commands of Spark, in the same run.

usage: bench/cluster.py COMMAND JAR WHEEL    (make bench-cluster)

Prints what each took until a Connect session answered, in seconds of wall clock and of
CPU, and what is resident with no executor; then the default pipeline, twice.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
PORT_BASE = 24000
SESSION = """
import time
from pyspark.sql import SparkSession
SparkSession.builder.remote("{remote}").getOrCreate().version
"""


def python():
    script = [ROOT / "scripts/python-env.sh", "run"]
    made = subprocess.run(script, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    return f"{made}/bin/python"


def cpu_and_resident(mark):
    """CPU seconds and resident (proportional) MB of the processes that bear the mark."""
    ticks = pages = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() not in (process / "environ").read_bytes().split(b"\0"):
                continue
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
            rollup = (process / "smaps_rollup").read_text()
            pages += int(rollup.split("\nPss:")[1].split()[0])
        except (OSError, IndexError):
            continue
    return ticks / os.sysconf("SC_CLK_TCK"), pages / 1024


def answers(port, path=None):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            if path:
                s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                return b"ALIVE" in s.makefile("rb").read()
            return True
    except OSError:
        return False


def wait(port, path=None):
    while not answers(port, path):
        time.sleep(0.05)


def session(remote):
    subprocess.run([python(), "-c", SESSION.format(remote=remote)], check=True)


class Plain:
    """The three commands that Spark's own documentation gives, one after the other."""

    def __init__(self, folder):
        interpreter = python()
        find = "import pyspark; print(pyspark.__path__[0])"
        self.home = subprocess.check_output([interpreter, "-c", find], text=True).strip()
        self.folder = folder
        self.mark = f"BENCH_PLAIN={os.getpid()}"
        name, value = self.mark.split("=")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SPARK_")},
            "SPARK_HOME": self.home,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": interpreter,
            name: value,
        }
        self.children = []

    def start(self, *words):
        with open(self.folder / "log", "a") as log:
            self.children.append(
                subprocess.Popen(
                    words, cwd=self.folder, env=self.env, stdout=log, stderr=log,
                    start_new_session=True,
                )
            )  # fmt: skip

    def up(self):
        b = PORT_BASE + 64
        spark_class = f"{self.home}/bin/spark-class"
        jar = next(pathlib.Path(f"{self.home}/jars").glob("spark-connect_*.jar"))
        deploy = "org.apache.spark.deploy"
        self.start(spark_class, f"{deploy}.master.Master", "--host", "127.0.0.1",
            "--port", str(b), "--webui-port", str(b + 1))  # fmt: skip
        wait(b + 1, "/json/")
        self.start(spark_class, f"{deploy}.worker.Worker", "--host", "127.0.0.1",
            "--port", str(b + 2), "--webui-port", str(b + 3), "--cores", "4",
            "--memory", "2g", f"spark://127.0.0.1:{b}")  # fmt: skip
        wait(b + 3)
        connect = "org.apache.spark.sql.connect.service.SparkConnectServer"
        self.start(f"{self.home}/bin/spark-submit", "--class", connect,
            "--master", f"spark://127.0.0.1:{b}", "--conf", "spark.cores.max=3",
            "--conf", f"spark.connect.grpc.binding.port={b + 4}",
            "--conf", f"spark.ui.port={b + 5}",
            "--conf", "spark.dynamicAllocation.enabled=true",
            "--conf", "spark.dynamicAllocation.shuffleTracking.enabled=true",
            "--conf", "spark.sql.catalogImplementation=hive", f"local:{jar}")  # fmt: skip
        wait(b + 4)
        session(f"sc://127.0.0.1:{b + 4}")

    def stop(self):
        for child in self.children:
            os.killpg(child.pid, signal.SIGTERM)
        for child in self.children:
            child.wait()


class Ours:
    def __init__(self, folder, command, jar, wheel):
        self.folder, self.command, self.jar, self.wheel = folder, command, jar, wheel

    def cluster(self, verb, *words, **more):
        return subprocess.run(
            [self.command, "cluster", verb, "--folder", self.folder, *map(str, words)],
            check=True, cwd=self.folder, **more,
        )  # fmt: skip

    def up(self):
        self.cluster("up", "--quiet", "--port-base", PORT_BASE, "--python", python(),
            "--jar", self.jar, "--wheel", self.wheel,
            "--subscription", "flights-sub:flights")  # fmt: skip
        state = json.loads((self.folder / ".cluster/state.json").read_text())
        self.mark = f"FERRULE_CLUSTER={state['id']}"
        session(f"sc://127.0.0.1:{PORT_BASE + 2}")

    def stop(self):
        self.cluster("stop", stderr=subprocess.DEVNULL)


def measure(name, cluster):
    began = time.monotonic()
    cluster.up()
    seconds = time.monotonic() - began
    cpu, megabytes = cpu_and_resident(cluster.mark)
    print(
        f"  {name:34} {seconds:6.1f} s to a session  {cpu:6.1f} CPU-s  "
        f"{megabytes:6.0f} MB resident",
        flush=True,
    )


def pipeline(ours, name):
    cache = pathlib.Path(os.environ.get("FERRULE_CACHE") or pathlib.Path.home() / ".cache/ferrule")
    emulator = ["--emulator-host", f"127.0.0.1:{PORT_BASE + 4}", "--project", "demo"]
    began = time.monotonic()
    messages = cache / "flights/messages.jsonl"
    publish = [ours.command, "pubsub", "publish", "flights", messages, "--quiet", *emulator]
    subprocess.run(publish, check=True)
    ours.cluster("run", "--full-refresh-all", stdout=subprocess.DEVNULL)
    print(f"  {name:34} {time.monotonic() - began:6.1f} s, 336,776 messages", flush=True)


def main(command, jar, wheel):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ferrule-bench-"))
    for part in ("pipeline", "kernels"):
        shutil.copytree(ROOT / "cluster" / part, folder / "cluster" / part)
    shutil.copy(ROOT / "spark-pipeline.yml", folder)
    (folder / "plain").mkdir()
    ours = Ours(folder, command, jar, wheel)
    plain = Plain(folder / "plain")
    try:
        print("cluster")
        # the first with a new Java or Spark writes the archive of classes when it ends
        measure("ferrule cluster up, first", ours)
        ours.stop()
        measure("Spark's own commands", plain)
        plain.stop()
        measure("ferrule cluster up", ours)
        pipeline(ours, "pipeline, first run")
        pipeline(ours, "pipeline, second run")
    finally:
        ours.stop()
        ours.cluster("clean", "--force", stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
