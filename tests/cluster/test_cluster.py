"""A whole cluster: up, a session, a pipeline, a crash of everything, nothing left."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import urllib.request

from conftest import COMMAND, JAR, PATIENCE_S, wait_for

COUNT = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
assert "connect" in type(spark).__module__, type(spark)
print("rows", spark.range(1000).selectExpr("sum(id) AS s").first().s)
spark.sql("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS a")
print("table", spark.table("kept").first().a)

def where(batches):
    import on_the_cluster
    import pyarrow
    for batch in batches:
        row = {"python": [sys.executable], "mark": [on_the_cluster.MARK]}
        yield pyarrow.RecordBatch.from_pydict(row)

worker = spark.range(1).coalesce(1).mapInArrow(where, "python STRING, mark STRING").first()
print("worker", worker.mark, worker.python == sys.executable)
"""

SPEC = """
name: lines
storage: viewfs://ferrule/checkpoints
libraries:
  - glob:
      include: flows/**
"""

FLOWS = """
from pyspark import pipelines as dp
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.active()

@dp.table(format="parquet")
def lines():
    return (spark.readStream.format("pubsub-native").schema("n INT, word STRING")
        .option("projectId", "PROJECT").option("subscriptionId", "lines-sub")
        .option("payloadFormat", "json").option("drainIdleMs", 500).load())

@dp.materialized_view(format="parquet")
def by_word():
    return spark.read.table("lines").groupBy("word").agg(F.count("*").alias("n"))
"""

TOTALS = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rows = spark.table("lines").count()
words = {r.word: r.n for r in spark.table("by_word").collect()}
print("totals", rows, words["even"], words["odd"])
"""


def test_every_service_answers(cluster):
    services = cluster.services()
    assert list(services) == ["spark-master", "spark-worker", "spark-connect", "pubsub-emulator"]
    assert {s["state"] for s in services.values()} == {"ready"}
    assert all(s["residentBytes"] > 0 for s in services.values())
    assert services["spark-connect"]["url"] == f"sc://127.0.0.1:{cluster.port_base + 2}"


def test_a_second_up_changes_nothing(cluster):
    before = cluster.services()
    assert cluster.up().returncode == 0
    after = cluster.services()
    assert {n: s["pid"] for n, s in before.items()} == {n: s["pid"] for n, s in after.items()}


def test_other_settings_are_refused_by_name(cluster):
    done = cluster.up("--cores", 77)
    assert done.returncode == 1
    assert "--cores" in done.stderr and "ferrule cluster stop" in done.stderr
    done = cluster.up("--restart")
    assert done.returncode == 1 and "--restart" in done.stderr


def test_up_without_options_takes_the_cluster_that_runs(cluster):
    """As make run after make up ARGS="--port-base ...": nobody repeats the options."""
    before = cluster.services()
    shell = {"FERRULE_JAR": "", "JAVA_HOME": "/nowhere"}  # another than the first
    done = cluster.cluster("up", "--renew", env=shell)
    assert done.returncode == 0, done.stderr
    assert f"status page: http://127.0.0.1:{cluster.port_base + 5}" in done.stderr
    assert cluster.services()["spark-master"]["pid"] == before["spark-master"]["pid"]


def test_a_port_of_another_cluster_is_named_by_its_folder(cluster, tmp_path):
    words = ["--folder", tmp_path, "--port-base", cluster.port_base]
    done = cluster.ferrule("cluster", "doctor", *words)
    assert done.returncode == 1
    for service in ("spark-master", "spark-connect UI", "pubsub-emulator", "status page"):
        taken = f"({service}): taken by the cluster in {cluster.folder}, process "
        assert taken in done.stdout, done.stdout
    assert f"ferrule cluster stop --folder {cluster.folder}" in done.stdout


def test_nothing_listens_beyond_loopback(cluster):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
        for row in rows:
            address, port = row[1].rsplit(":", 1)
            if row[3] == "0A" and cluster.port_base <= int(port, 16) < cluster.port_base + 32:
                assert address in ("0100007F", "0000000000000000FFFF00000100007F"), row


def test_a_connect_session_computes_and_keeps_tables(cluster):
    out = cluster.run_python(COUNT)
    assert "rows 499500" in out
    assert "table 42" in out
    assert "worker found True" in out
    assert (cluster.folder / "spark-warehouse/kept").is_dir()


def test_an_exit_code_is_handed_on_and_shown(cluster):
    assert cluster.cluster("run", "--", "sh", "-c", "exit 7").returncode == 7
    app = cluster.services()["spark-app"]
    assert (app["state"], app["reason"]) == ("ended", "exit code 7")


def test_pyspark_is_a_shell_of_the_connect_server(cluster):
    words = [COMMAND, "cluster", "run", "--folder", cluster.folder, "--interactive", "pyspark"]
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", shlex.join(map(str, words)), "/dev/null"],
        input="print(6 * spark.range(7).count())\nexit()\n",
        capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    assert "Connect server" in done.stdout and "42" in done.stdout


def test_sigterm_reaches_what_run_has_started(cluster):
    words = [COMMAND, "cluster", "run", "--folder", cluster.folder, "--", "sleep", "3600"]
    run = subprocess.Popen(words)
    wait_for(lambda: cluster.services()["spark-app"]["state"] == "ready")
    run.terminate()
    assert run.wait(60) == 128 + signal.SIGTERM
    assert cluster.services()["spark-app"]["state"] == "ended"


def test_the_pipeline_stores_every_message_once(cluster):
    (cluster.folder / "flows").mkdir()
    (cluster.folder / "flows/lines.py").write_text(FLOWS.replace("PROJECT", cluster.project))
    (cluster.folder / "spark-pipeline.yml").write_text(SPEC)
    text = "".join(f'{{"n": {n}, "word": "{"odd" if n % 2 else "even"}"}}\n' for n in range(5001))
    cluster.pubsub("publish", "lines", input=text)
    done = cluster.cluster("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Run is COMPLETED" in done.stdout
    assert "totals 5001 2501 2500" in cluster.run_python(TOTALS)
    assert cluster.backlog("lines-sub") == 0


# on the driver, and in a Python worker of an executor
SAYING = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()

def tell(batches):
    print("heard of", file=sys.stderr, flush=True)
    yield from batches

spark.range(1).coalesce(1).mapInArrow(tell, "id BIGINT").collect()
print("said")
print("cried", file=sys.stderr)
"""


def test_logs_are_one_stream_with_levels(cluster):
    cluster.run_python(SAYING)

    def read():
        done = cluster.cluster("logs", "--no-follow", "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    # a worker of Spark writes an executor's lines in its own time
    wait_for(lambda: any(line["message"] == "heard of" for line in read()))
    lines = read()
    services = {line["service"] for line in lines}
    assert {"supervisor", "pubsub-emulator", "spark-app"} <= services
    heard = {line["service"] for line in lines if line["message"] == "heard of"}
    assert heard and all(service.startswith("executor ") for service in heard), services
    ready = [line for line in lines if line["message"] == "spark-connect is ready"]
    assert ready[0]["level"] == "INFO" and ready[0]["logger"] == "cluster" and ready[0]["time"]
    times = [line["time"] for line in lines if line["time"]]
    assert times == sorted(times)
    assert all(line["time"] for line in lines if line["service"] == "spark-app")
    app = cluster.cluster("logs", "--no-follow", "--service", "spark-app").stdout
    assert "said" in app and "cried" in app and "supervisor" not in app
    assert "\033" not in app  # no terminal, no colours
    worse = cluster.cluster("logs", "--no-follow", "--level", "error").stdout
    assert "is ready" not in worse
    for wrong in ("spark-conect", "spark-apps", "spark-worker-x"):
        typo = cluster.cluster("logs", "--no-follow", "--service", wrong)
        assert typo.returncode == 2
        assert f"there is no service {wrong}" in typo.stderr and "spark-connect" in typo.stderr
    for right in ("spark-worker-2", "spark", "executor app-1/0"):
        done = cluster.cluster("logs", "--no-follow", "--service", right)
        assert done.returncode == 0, done.stderr


def test_a_reader_of_logs_may_leave(cluster):
    process = subprocess.Popen(
        [COMMAND, "cluster", "logs", "--no-follow", "--folder", cluster.folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


# an executor that is asked to end, as idle ones are; its end is awaited from outside
EXECUTOR = r"""
import os, pathlib, signal, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(10).count()
mine = f"FERRULE_CLUSTER={os.environ['FERRULE_CLUSTER']}".encode()
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        words = (process / "cmdline").read_bytes()
        marked = mine in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        continue
    if marked and words.startswith(b"/") and b"CoarseGrainedExecutorBackend" in words:
        print("ended", process.name)
        os.kill(int(process.name), signal.SIGTERM)
"""


def test_the_end_of_an_executor_is_no_error(cluster):
    asked = [w for w in cluster.run_python(EXECUTOR).split() if w.isdigit()]
    assert asked
    wait_for(lambda: not any(pathlib.Path("/proc", pid).exists() for pid in asked))
    logs = cluster.cluster("logs", "--no-follow").stdout
    assert "RECEIVED SIGNAL" not in logs
    work = cluster.folder / ".cluster/work"
    assert not [p for p in work.glob("*/*/stderr") if "RECEIVED SIGNAL" in p.read_text()]


def test_the_status_page_tells_services_and_subscriptions(cluster):
    page = f"http://127.0.0.1:{cluster.port_base + 5}"

    def picture():
        with urllib.request.urlopen(f"{page}/status.json", timeout=60) as answer:
            return json.load(answer)

    wait_for(lambda: picture()["emulator"])
    told = picture()
    assert [s["name"] for s in told["services"]][0] == "spark-master"
    assert all(s["residentBytes"] > 0 for s in told["services"])
    pages = {s["name"]: s["page"] for s in told["services"] if "page" in s}
    assert pages == {"spark-connect": f"http://127.0.0.1:{cluster.port_base + 3}"}
    with urllib.request.urlopen(pages["spark-connect"], timeout=60) as answer:
        assert "Spark Jobs" in answer.read().decode()
    assert told["emulator"]["subscriptions"][0]["name"].endswith("/lines-sub")
    with urllib.request.urlopen(f"{page}/metrics", timeout=60) as answer:
        metrics = answer.read().decode()
    assert 'ferrule_cluster_service_ready{service="spark-connect"} 1' in metrics
    assert "ferrule_emulator_published_messages_total" in metrics
    with urllib.request.urlopen(f"{page}/", timeout=60) as answer:
        assert "<title>Ferrule" in answer.read().decode()


def test_a_killed_service_is_shown_and_up_starts_it_with_its_data(cluster):
    cluster.pubsub("publish", "lines", input="kept\n" * 10)
    os.kill(cluster.services()["pubsub-emulator"]["pid"], signal.SIGKILL)
    killed = "killed by signal 9"
    wait_for(lambda: cluster.services()["pubsub-emulator"]["reason"] == killed)
    shown = cluster.cluster("ps")
    assert shown.returncode == 1
    assert "ended" in shown.stdout and killed in shown.stdout
    assert cluster.up().returncode == 0
    assert cluster.services()["pubsub-emulator"]["restarts"] == 1
    assert cluster.backlog("lines-sub") == 10


def test_a_build_under_the_running_cluster_is_told_and_ends_nothing(cluster):
    jar = pathlib.Path(cluster.state()["settings"]["jar"])
    assert jar.parent == cluster.folder
    jar.write_bytes(b"half a build")
    told = cluster.cluster("ps").stderr
    assert "older build (jar has changed)" in told and "ferrule cluster stop" in told
    assert "rows 499500" in cluster.run_python(COUNT)
    shutil.copyfile(JAR, jar)
    assert cluster.cluster("ps").stderr == ""


def test_after_a_crash_of_the_supervisor_stop_leaves_no_process(cluster):
    os.kill(cluster.state()["supervisorPid"], signal.SIGKILL)
    wait_for(lambda: "nobody watches" in cluster.cluster("ps").stderr)
    again = cluster.up()
    assert again.returncode == 1
    assert "processes of an earlier cluster" in again.stderr
    assert "ferrule cluster stop" in again.stderr
    left = cluster.processes()
    assert len(left) >= 4
    assert cluster.cluster("stop").returncode == 0
    assert cluster.processes() == []
    assert {s["state"] for n, s in cluster.services().items() if n != "spark-app"} == {"stopped"}


def test_clean_leaves_nothing(cluster):
    assert cluster.cluster("clean", "--force").returncode == 0
    left = {p.name for p in cluster.folder.iterdir()}
    assert left <= {"ferrule.jar", "script.py", "flows", "modules", "spark-pipeline.yml"}
