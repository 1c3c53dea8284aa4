"""The cases by name. Each gives its figures."""

import json
import subprocess
import sys

from . import kafka, kernel_in_jvm, map_in_arrow, programs
from .process import client, middle, server
from .report import Figure, compare

PAYLOAD = 1024
TOPIC, SUBSCRIPTION = "bench-topic", "bench-sub"
MESSAGES = 3_000_000  # ours: 3 GB
IN_A_RESPONSE = 800  # messages of the canned server
JAVA_WARM_S, JAVA_S = 30, 10


def canned(*options):
    command = programs.ours("canned") + ["--payload", str(PAYLOAD)]
    return server(command + ["--messages", str(IN_A_RESPONSE), *options])


def emulator():
    """Our emulator with one topic and one subscription of project bench."""
    command = [programs.command(), "emulator", "--quiet", "--host-port", "127.0.0.1:0"]
    command += ["--max-bytes", "12g"]
    return server(
        command
        + ["--project", "bench", "--topic", TOPIC, "--subscription", f"{SUBSCRIPTION}:{TOPIC}"],
        lambda line: int(line.rsplit(":", 1)[1].split()[0]),
    )


def in_turn(short, long=(), rounds=2):
    """Programs of a few seconds, in turn, before each longer one and after the last.

    So the minutes in which a machine is slow fall on all. Of each short one the run in the
    middle by CPU is given, then what the longer ones gave.
    """
    runs, done = [[] for _ in short], []
    for each in (*long, None):
        for _ in range(rounds):
            for program, of_it in zip(short, runs, strict=True):
                of_it.append(program())
        if each:
            done.append(each())
    return [middle(of_it) for of_it in runs] + done


def receive():
    with canned() as s, canned("--raw") as raw:

        def ours():
            return client(programs.ours("receive") + [s.address, SUBSCRIPTION, MESSAGES])

        def bare_read():
            """The same bytes, ids and all; told, as the others, by the payload in them."""
            run = client(programs.ours("bare_read") + [raw.port, MESSAGES // IN_A_RESPONSE])
            return {**run, "bytes": MESSAGES * PAYLOAD}

        def peer(command, *limits):
            return lambda: client(command + ["receive", SUBSCRIPTION, *limits], s.address)

        run, floor, go, java, python = in_turn(
            [ours, bare_read],
            [
                peer(programs.go_peer(), 20, 600_000),
                peer(programs.java_peer(), JAVA_WARM_S, JAVA_S),
                peer(programs.python_peer(), 20, 60_000),
            ],
        )
    return (
        compare("receive", run, "bare read()", floor, "<= 4")
        + compare("receive", run, "Go client", go, "<= 1/20")
        + compare("receive", run, "Java client, warm", java, "<= 1/12")
        + compare("receive", run, "Python client", python, "<= 1/100")
    )


def certificate():
    """A self-signed certificate for 127.0.0.1, made by the openssl command."""
    programs.OUT.mkdir(parents=True, exist_ok=True)
    cert, key = programs.OUT / "cert.pem", programs.OUT / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", cert, "-keyout", key],
        check=True,
        capture_output=True,
    )
    return str(cert), str(key)


def receive_tls():
    cert, key = certificate()
    with canned("--cert", cert, "--key", key) as secret, canned() as s:
        receive = programs.ours("receive")

        def tls():
            return client(receive + [secret.address, SUBSCRIPTION, MESSAGES // 3, cert])

        def clear():
            return client(receive + [s.address, SUBSCRIPTION, MESSAGES])

        run, in_clear = in_turn([tls, clear], rounds=5)
    return compare("receive-tls", run, "ours in clear text", in_clear, "<= 3.5")


def publish():
    with canned() as s:

        def ours():
            return client(programs.ours("publish") + [s.address, TOPIC, MESSAGES, PAYLOAD])

        def peer(command, *limits):
            return lambda: client(command + ["publish", TOPIC, *limits], s.address)

        run, go, java, python = in_turn(
            [ours],
            [
                peer(programs.go_peer(), 1_000_000, PAYLOAD),
                peer(programs.java_peer(), PAYLOAD, JAVA_WARM_S, JAVA_S),
                peer(programs.python_peer(), 60_000, PAYLOAD),
            ],
        )
    return (
        compare("publish", run, "Go client", go, "<= 1/5")
        + compare("publish", run, "Java client, warm", java, "<= 1/3")
        + compare("publish", run, "Python client", python)
    )


def served(s, messages):
    """What a server spent while our client received so many messages from it."""
    before = s.cpu_seconds()
    run = client(programs.ours("receive") + [s.address, SUBSCRIPTION, messages])
    return {**run, "cpu_seconds": s.cpu_seconds() - before, "max_rss_kb": s.peak_kb()}


def emulator_cost():
    messages = 1_000_000
    with emulator() as s:
        client(programs.ours("publish") + [s.address, TOPIC, messages, PAYLOAD])
        ours = served(s, messages)
    with canned() as s:
        theirs = served(s, messages)
    figures = compare("emulator", ours, "canned server", theirs, "<= 3")
    return figures + [emulator_start()]


def emulator_start():
    """Milliseconds from exec to the first answered call."""
    command = programs.ours("emulator_start") + [programs.command()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ready = json.loads(done.stdout)["ready_ms"]
    return Figure("emulator", "ready", "ms", ready, "the limit", 50.0, "<= 1")


def scan(source, jars, options, column, publish_to=None):
    """The middle one of bench/spark/scan.py's last runs, when the JVM is warm."""
    messages = 1464 * 4096  # whole batches of the publisher: 6 GB
    config = {
        "jars": jars,
        "options": options,
        "column": column,
        "messages": messages,
        "payload_bytes": PAYLOAD,
        "runs": {"warm": 6, "measured": 3},
    }
    if publish_to:
        config["publish"] = programs.ours("publish") + [
            publish_to,
            TOPIC,
            str(messages),
            str(PAYLOAD),
        ]
    else:
        config["topic"] = TOPIC
    programs.OUT.mkdir(parents=True, exist_ok=True)
    path = programs.OUT / f"scan-{source}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    script = str(programs.ROOT / "bench/spark/scan.py")
    return client([programs.python_env("run"), script, source, path], timeout=900)


def spark_scan():
    with emulator() as s:
        options = {
            "emulatorHost": s.address,
            "projectId": "bench",
            "subscriptionId": SUBSCRIPTION,
            "drainIdleMs": "1000",
            "reservoirBytes": "1g",
        }
        ours = scan("pubsub-native", programs.our_jar(), options, "payload", s.address)
    with emulator() as s:
        options = {"host": s.address, "project": "bench", "subscription": SUBSCRIPTION}
        java = scan(
            "pubsub-java",
            programs.spark_jars("bench/peers/spark-java"),
            options,
            "payload",
            s.address,
        )
    with kafka.broker() as address:
        options = {
            "kafka.bootstrap.servers": address,
            "subscribe": TOPIC,
            "startingOffsets": "earliest",
        }
        stock = scan("kafka", programs.spark_jars("bench/peers/spark-kafka"), options, "value")
    figures = compare("spark-scan", ours, "plain Java source", java)
    figures += compare("spark-scan", ours, "Spark's Kafka source", stock)
    for f in figures:
        if f.metric == "throughput":
            f.goal = ">= 3" if "Java" in f.peer else ">= 2"
    gc = 100 * ours["gc_seconds"] / ours["seconds"]
    speed = ours["bytes"] / 1e6 / ours["seconds"]
    figures.append(Figure("spark-scan", "GC time", "%", gc, "the limit", 1.0, "<= 1"))
    figures.append(Figure("spark-scan", "throughput", "MB/s", speed, "the aim", 800.0, ">= 1"))
    return figures


def json_decode():
    """The flights into their 19 columns, the same bytes on both sides."""
    sys.path.insert(0, str(programs.ROOT / "examples/flights"))
    import flights

    programs.OUT.mkdir(parents=True, exist_ok=True)
    path = programs.OUT / "flights.jsonl"
    python = programs.python_env("run")
    write = str(programs.ROOT / "examples/flights/write_messages.py")
    subprocess.run(
        [python, write, path, programs.OUT / "expected.json"], check=True, stdout=subprocess.DEVNULL
    )
    ours = client(programs.ours("json_decode") + [path, flights.DDL, 10])
    script = str(programs.ROOT / "bench/spark/from_json.py")
    spark = client([python, script, path, flights.DDL, 5])
    return compare("json-decode", ours, "Spark's from_json", spark, "<= 1/5")


ALL = {
    "receive": receive,
    "receive-tls": receive_tls,
    "publish": publish,
    "emulator": emulator_cost,
    "spark-scan": spark_scan,
    "json-decode": json_decode,
    "kernel-in-jvm": kernel_in_jvm.case,
    "kernel-map-in-arrow": map_in_arrow.case,
}
