"""Numbered messages through a query, and the proof of what became of each."""

import collections
import contextlib
import glob
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import grpc
import numpy
import pyarrow.parquet
import pyspark
from emulator import PROJECT, Subscription
from google.api_core import exceptions
from streams import wait_until

MESSAGES = 200_000
START_S = 240
ANSWER_S = 90
HERE = pathlib.Path(__file__).parent
CONTROL = "/ferrule.emulator.v1.Control/"

# one executor a worker, each with one task slot
CLUSTER = "local-cluster[2,1,1024]"
CONF = {
    "spark.deploy.maxExecutorRetries": "-1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.executor.memory": "640m",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class DriverError(Exception):
    """What a command to the driver failed of."""


def spark_home(folder):
    """The installed Spark with a work folder of its own: local-cluster knows no other place."""
    if not folder.exists():
        folder.mkdir()
        for entry in pathlib.Path(pyspark.__file__).parent.iterdir():
            if entry.name != "work":
                (folder / entry.name).symlink_to(entry)
    return folder


class Driver:
    """A Spark application in a process of its own; conf is beside CONF."""

    def __init__(self, folder, master=CLUSTER, hosts=(), **conf):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        more = {name.replace("_", "."): value for name, value in conf.items()}
        home = {
            "spark.jars": os.environ["FERRULE_JAR"],
            "spark.local.dir": str(folder / "local"),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
        }
        config = {"master": master, "hosts": list(hosts), "conf": {**CONF, **home, **more}}
        with open(folder / "driver.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "driver_program.py"), json.dumps(config)],
                cwd=folder,
                env={
                    **os.environ,
                    "PYSPARK_PYTHON": sys.executable,
                    "SPARK_HOME": str(spark_home(folder / "spark")),
                    "SPARK_LOCAL_IP": "127.0.0.1",
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.pids = [self.process.pid]
        try:
            self.pids = self.ask("hello", START_S)["pids"]
        except DriverError:
            self.close()
            raise

    def ask(self, what, answer_s=ANSWER_S, /, **arguments):
        # a driver that hangs ends, and the answer is then the end of the file
        watchdog = threading.Timer(answer_s, self.kill)
        watchdog.start()
        try:
            self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            raise DriverError(f"{what}: the driver has ended, see {self.folder}/driver.log")
        answer = json.loads(line)
        if "error" in answer:
            raise DriverError(answer["error"])
        return answer["ok"]

    @property
    def is_alive(self):
        return self.process.poll() is None

    def kill(self):
        """The driver alone: its executors have to notice."""
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.is_alive:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def as_bytes(field, text):
    """One text as a protobuf field."""
    data = text.encode()
    assert len(data) < 16384
    size = bytes([len(data) & 127 | 128, len(data) >> 7]) if len(data) > 127 else bytes([len(data)])
    return bytes([field << 3 | 2]) + size + data


def varints(data):
    """The fields of a message that has numbers only."""
    fields, values = collections.defaultdict(int), []
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            values.append(value)
            value = shift = 0
    for tag, number in zip(values[::2], values[1::2], strict=True):
        fields[tag >> 3] = number
    return fields


def control(host, method, text):
    with grpc.insecure_channel(host) as channel:
        return channel.unary_unary(CONTROL + method)(as_bytes(1, text), timeout=10)


class Stream(Subscription):
    """A subscription with numbered messages, and the queries that read it."""

    def __init__(self, emulator, folder, name, **settings):
        super().__init__(emulator, name, **settings)
        self.folder = folder

    # ---- the server's side ----

    def publish_file(self, path, *options):
        subprocess.run(
            [
                os.environ["FERRULE_COMMAND"],
                *("pubsub", "publish", self.name, str(path), "--quiet", *options),
                *("--project", PROJECT, "--emulator-host", self.emulator.host),
            ],
            check=True,
            timeout=60,
        )

    def publish_lines(self, lines, *options):
        path = self.folder / f"{self.name}.lines"
        path.write_text("".join(f"{line}\n" for line in lines))
        self.publish_file(path, *options)

    def publish_numbers(self, first=0, last=MESSAGES, rate=0):
        """rate: messages a second, about; 0: at once."""
        self.publish_lines(range(first, last), *(("--rate", str(rate)) if rate else ()))

    def faults(self, text):
        control(self.emulator.host, "SetFaults", text)

    def end_faults(self):
        with contextlib.suppress(grpc.RpcError):
            self.faults("")

    def backlog(self):
        """Messages that are not acked, the server's own count."""
        return varints(control(self.emulator.host, "Backlog", self.path))[1]

    def leased(self):
        return varints(control(self.emulator.host, "Backlog", self.path))[2]

    def check_all_acked(self):
        """By the server's count, and by what Google's client can still get."""
        wait_until(lambda: self.backlog() == 0, 30)
        self.faults("expire-leases")
        assert self.remaining(wait_s=1) == {}

    def answers(self):
        """Whether Google's client has found the server again."""
        try:
            self.subscriber.get_subscription(subscription=self.path, timeout=1)
            return True
        except exceptions.GoogleAPICallError:
            return False

    # ---- the query's side ----

    def query(self, driver, shape="numbers", sink="files", trigger=None, **more):
        """Starts a query with one checkpoint and sink folder for all of this stream's."""
        options = {"payloadType": "string", "drainIdleMs": "1000", "maxRowsPerBatch": "50000"}
        options.update(more.pop("options", {}))
        label = more.pop("label", "q")
        source = {k: v for k, v in self.options(**options).items() if v is not None}
        name = f"{self.name}-{label}"
        driver.ask(
            "start",
            name=name,
            source=source,
            shape=[shape, more.pop("shape_args", {})],
            sink=[sink, {"path": self.out(label), **more.pop("sink_args", {})}],
            trigger=trigger or {"availableNow": True},
            checkpoint=self.checkpoint(label),
            schema=more.pop("schema", None),
        )
        assert not more, more
        return Query(driver, name)

    def query_the_rest(self, driver):
        """What is leased to nobody comes again, and is read to the end."""
        self.faults("expire-leases")
        self.query(driver).finish()

    def wait_for_all(self, total=MESSAGES, limit_s=120):
        """Until every number is in the file sink, and Spark knows it."""
        wait_until(lambda: counted(self.out(), total=total).min() >= 1, limit_s)
        written = glob.glob(f"{self.out()}/_spark_metadata/[0-9]*")
        newest = max(int(os.path.basename(name).removesuffix(".compact")) for name in written)
        wait_until(lambda: self.commits()[-1] >= newest)

    def marker(self, name="marker"):
        return str(self.folder / name)

    def out(self, label="q"):
        return str(self.folder / f"out-{label}")

    def checkpoint(self, label="q"):
        return str(self.folder / f"checkpoint-{label}")

    def commits(self, label="q"):
        """Numbers of the batches in Spark's commit log."""
        names = glob.glob(f"{self.checkpoint(label)}/commits/[0-9]*")
        return sorted(int(os.path.basename(name)) for name in names)


class Query:
    def __init__(self, driver, name):
        self.driver = driver
        self.name = name

    def wait(self, limit_s=120):
        """Until it ends; returns what it failed of, or None."""
        end = self.driver.ask("wait", limit_s + ANSWER_S, name=self.name, limit_s=limit_s)
        assert end["ended"], f"no end within {limit_s} s"
        return end["failure"]

    def finish(self, limit_s=120):
        failure = self.wait(limit_s)
        assert failure is None, failure

    def stop(self):
        self.driver.ask("stop", name=self.name)

    def progress(self):
        return self.driver.ask("progress", name=self.name)


def committed_files(path):
    """The files of Spark's file sink that its log holds."""
    found = set()
    for log in glob.glob(f"{path}/_spark_metadata/[0-9]*"):
        with open(log, encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                found.add(json.loads(line)["path"].removeprefix("file://"))
    return sorted(found)


def written_files(path):
    """The files of batches that were written whole."""
    done = glob.glob(f"{path}/**/_SUCCESS", recursive=True)
    return sorted(f for s in done for f in glob.glob(f"{os.path.dirname(s)}/*.parquet"))


def numbers_in(path):
    """Every number that a sink holds, in the order of its files."""
    is_sink = os.path.isdir(f"{path}/_spark_metadata")
    files = committed_files(path) if is_sink else written_files(path)
    columns = [pyarrow.parquet.read_table(f, columns=["n"])["n"].to_numpy() for f in files]
    return numpy.concatenate(columns) if columns else numpy.zeros(0, numpy.int64)


def numbers_by_batch(path):
    """The numbers of a sink with a folder for each batch, in the order of the batches."""
    batches = sorted(map(int, os.listdir(path)))
    return numpy.concatenate([numbers_in(f"{path}/{batch}") for batch in batches])


def counted(*paths, total=MESSAGES):
    """How often each number is in the sinks."""
    found = numpy.concatenate([numbers_in(path) for path in paths])
    return numpy.bincount(found, minlength=total)


def check_none_missing(*paths, total=MESSAGES, times=1):
    """Returns the numbers that are there more often than they should be."""
    times_found = counted(*paths, total=total)
    missing = numpy.flatnonzero(times_found < times)
    assert len(times_found) == total, "a number that was never published"
    assert len(missing) == 0, f"{len(missing)} missing, such as {missing[:10]}"
    return numpy.flatnonzero(times_found > times)


def check_each_once(*paths, total=MESSAGES, times=1):
    again = check_none_missing(*paths, total=total, times=times)
    assert len(again) == 0, f"{len(again)} doubled, such as {again[:10]}"


def sleep_until(what, limit_s=60):
    """As wait_until, looking as often as a race wants it."""
    deadline = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.002)
