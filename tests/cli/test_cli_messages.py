"""Publishing and pulling through a real server."""

import base64
import json
import signal
import subprocess
import time

import grpc
import pyarrow
import pytest
from google.pubsub_v1 import SubscriberClient


def lines(done):
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_topics_and_subscriptions_come_and_go(service):
    service.make("passing")
    full = "projects/demo/topics/passing"
    assert full in lines(service.ferrule("pubsub", "topic", "list"))
    assert "projects/demo/subscriptions/passing-sub" in lines(
        service.ferrule("pubsub", "sub", "list")
    )
    assert service.ferrule("pubsub", "topic", "create", full).returncode == 1
    assert service.ferrule("pubsub", "topic", "create", full, "--if-missing").returncode == 0
    assert service.ferrule("pubsub", "sub", "delete", "passing-sub").returncode == 0
    assert service.ferrule("pubsub", "topic", "delete", "passing").returncode == 0
    gone = service.ferrule("pubsub", "topic", "delete", "passing")
    assert gone.returncode == 3
    assert b"passing" in gone.stderr


def described(service, subscription):
    """The subscription as Google's client reads it."""
    with grpc.insecure_channel(service.host) as channel:
        transport = SubscriberClient.get_transport_class("grpc")(channel=channel)
        return SubscriberClient(transport=transport).get_subscription(subscription=subscription)


def test_the_settings_of_a_subscription_are_read_back_by_googles_client(service):
    for topic in ("settings", "settings-dead"):
        lines(service.ferrule("pubsub", "topic", "create", topic))
    lines(
        service.ferrule(
            *("pubsub", "sub", "create", "settings-sub", "settings", "--ordered", "--exactly-once"),
            *("--ack-deadline", 77, "--filter", 'attributes.kind = "a"', "--retention", 1200),
            *("--retain-acked", "--dead-letter-topic", "settings-dead"),
            *("--max-delivery-attempts", 9),
        )
    )
    found = described(service, "projects/demo/subscriptions/settings-sub")
    assert found.topic == "projects/demo/topics/settings"
    assert found.ack_deadline_seconds == 77
    assert found.enable_message_ordering and found.enable_exactly_once_delivery
    assert found.filter == 'attributes.kind = "a"'
    assert found.message_retention_duration.total_seconds() == 1200
    assert found.retain_acked_messages
    policy = found.dead_letter_policy
    assert policy.dead_letter_topic == "projects/demo/topics/settings-dead"
    assert policy.max_delivery_attempts == 9
    lines(service.ferrule("pubsub", "sub", "create", "settings-plain", "settings"))
    plain = described(service, "projects/demo/subscriptions/settings-plain")
    assert plain.ack_deadline_seconds == 10
    assert plain.message_retention_duration.days == 7
    assert not (plain.enable_message_ordering or plain.filter or plain.dead_letter_policy)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max-delivery-attempts", 9], b"--dead-letter-topic"),
        (["--dead-letter-topic", "t", "--max-delivery-attempts", 4], b"5 to 100"),
        (["--retention", 599], b"600 to 2678400"),
        (["--ack-deadline", 601], b"10 to 600"),
    ],
)
def test_settings_out_of_range_are_refused(service, options, words):
    done = service.ferrule("pubsub", "sub", "create", "refused", "t", *options)
    assert done.returncode == 2
    assert words in done.stderr


def test_lines_go_through_and_are_acked(service):
    subscription = service.make("lines")
    sent = [f"line {i} é" for i in range(20_000)]
    text = "\n".join(sent) + "\n\n"
    lines(service.ferrule("pubsub", "publish", "lines", input=text.encode()))
    got = lines(service.ferrule("pubsub", "pull", subscription, "--ack", "--max", 20_000))
    assert sorted(got) == sorted(sent)
    assert service.unacked(subscription) == 0


def test_what_is_not_acked_comes_again(service):
    subscription = service.make("again")
    lines(service.ferrule("pubsub", "publish", "again", input=b"one\ntwo\n"))
    for _ in range(2):
        got = lines(service.ferrule("pubsub", "pull", subscription, "--max", 2))
        assert sorted(got) == ["one", "two"]
    assert service.unacked(subscription) == 2


def test_json_lines_keep_every_part(service):
    subscription = service.make("parts")
    sent = [
        {"data": "text", "attributes": {"a": "1", "b": "ü"}, "ordering_key": "k"},
        {"data": {"nested": [1, None]}},
        {"attributes": {"only": "attributes"}},
    ]
    text = "".join(json.dumps(m) + "\n" for m in sent)
    lines(service.ferrule("pubsub", "publish", "parts", "--format", "jsonl", input=text.encode()))
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 3, "--format", "jsonl"]
    got = [json.loads(line) for line in lines(service.ferrule(*pull))]
    # a keyed message goes in a request of its own, so no order holds between the three
    got = {m.get("data"): m for m in got}
    assert sorted(got) == ["", "text", '{"nested":[1,null]}']
    assert got["text"]["attributes"] == {"a": "1", "b": "ü"}
    assert got["text"]["ordering_key"] == "k" and "ordering_key" not in got[""]
    assert got[""]["attributes"] == {"only": "attributes"}
    assert all(m["publish_time"].endswith("Z") for m in got.values())


def test_a_bad_json_line_is_named_and_what_is_before_it_is_sent(service):
    subscription = service.make("broken")
    text = b'{"data": "good"}\n{"daat": "typo"}\n{"data": "behind"}\n'
    done = service.ferrule("pubsub", "publish", "broken", "--format", "jsonl", input=text)
    assert done.returncode == 1
    assert b"line 2" in done.stderr and b"daat" in done.stderr
    assert b"the messages before it, 1, are published" in done.stderr
    pulled = service.ferrule("pubsub", "pull", subscription, "--ack", "--idle-ms", 500)
    assert pulled.stdout == b"good\n"


def test_arrow_in_and_out(service, tmp_path):
    subscription = service.make("columns")
    payloads = [bytes([i % 256, 255, 0]) * (i % 7 + 1) for i in range(5000)]
    table = pyarrow.table({"payload": pyarrow.array(payloads, pyarrow.binary())})
    path = tmp_path / "in.arrow"
    with pyarrow.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=999)
    lines(service.ferrule("pubsub", "publish", "columns", path, "--format", "arrow"))
    out = tmp_path / "out.arrows"
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 5000, "--format", "arrow"]
    lines(service.ferrule(*pull, "--output", out))
    with pyarrow.ipc.open_stream(out) as reader:
        got = reader.read_all()
    assert sorted(got["payload"].to_pylist()) == sorted(payloads)
    assert got.schema.field("publish_time").type == pyarrow.timestamp("us", "UTC")
    assert service.unacked(subscription) == 0


def test_bytes_that_are_no_text_come_as_base64(service):
    subscription = service.make("bytes")
    lines(service.ferrule("pubsub", "publish", "bytes", input=b"\xff\xfe\x00z\n"))
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 1, "--format", "jsonl"]
    message = json.loads(lines(service.ferrule(*pull))[0])
    assert base64.b64decode(message["data_base64"]) == b"\xff\xfe\x00z"


def test_a_full_disk_acks_nothing(service):
    subscription = service.make("full")
    lines(service.ferrule("pubsub", "publish", "full", input=b"kept\n"))
    done = service.ferrule(
        "pubsub", "pull", subscription, "--ack", "--max", 1, "--output", "/dev/full"
    )
    assert done.returncode == 1
    assert b"/dev/full" in done.stderr
    assert service.unacked(subscription) == 1


@pytest.mark.parametrize("form", ["text", "jsonl", "arrow"])
def test_an_output_that_fails_is_told_by_name(service, form):
    subscription = service.make(f"told-{form}")
    lines(service.ferrule("pubsub", "publish", f"told-{form}", input=b"kept\n"))
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 1, "--format", form]
    done = service.ferrule(*pull, "--output", "/dev/full")
    assert done.returncode == 1 and b"writing /dev/full: " in done.stderr
    for nowhere in ("/nonexistent/file", "/tmp"):
        done = service.ferrule(*pull, "--output", nowhere)
        assert done.returncode == 1 and f"writing {nowhere}: ".encode() in done.stderr
    # looked at before a message is leased: the next one gets it at once
    done = service.ferrule(*pull, "--idle-ms", 5000)
    assert done.returncode == 0 and b"pulled 1 messages" in done.stderr


@pytest.mark.parametrize("form", ["text", "jsonl", "arrow"])
def test_what_is_acked_is_in_the_file_even_after_a_kill(service, tmp_path, form):
    subscription = service.make(f"killed-{form}")
    lines(service.ferrule("pubsub", "publish", f"killed-{form}", input=b"one\ntwo\n"))
    path = tmp_path / "out"
    command = [service.command, "pubsub", "pull", subscription, "--ack", "--format", form]
    command += ["--emulator-host", service.host, "--output", path, "--quiet"]
    pull = subprocess.Popen(command)
    try:
        for _ in range(300):
            if service.unacked(subscription) == 0:
                break
            time.sleep(0.1)
        assert service.unacked(subscription) == 0
    finally:
        pull.kill()
        pull.wait()
    if form == "arrow":
        with pyarrow.ipc.open_stream(path) as reader:
            found = reader.read_all().num_rows
    else:
        found = len(path.read_text().splitlines())
    assert found == 2


def test_a_file_keeps_what_it_has_until_there_is_a_subscription(service, tmp_path):
    subscription = service.make("kept")
    lines(service.ferrule("pubsub", "publish", "kept", input=b"new\n"))
    path = tmp_path / "out"
    path.write_text("what was there before, and is longer\n")
    pull = ["pubsub", "pull", "--max", 1, "--output", path]
    assert service.ferrule(*pull, "not-there").returncode == 3
    assert path.read_text().startswith("what was there")
    lines(service.ferrule(*pull, subscription))
    assert path.read_text() == "new\n"


def test_acks_that_the_server_refuses_are_told(service):
    subscription = service.make("denied")
    lines(service.ferrule("pubsub", "publish", "denied", input=b"a\nb\n"))
    faults = ["emulator", "faults", "--host-port", service.host]
    denied = "refuse method=Acknowledge status=PERMISSION_DENIED"
    assert service.ferrule(*faults, denied).returncode == 0
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 2]
    done = service.ferrule(*pull)
    assert service.ferrule(*faults, "expire-leases").returncode == 0
    assert sorted(lines(done)) == ["a", "b"]
    assert b"2 acks were refused" in done.stderr
    assert service.unacked(subscription) == 2
    assert b"all acked" in service.ferrule(*pull).stderr
    assert service.unacked(subscription) == 0


def test_a_rate_is_kept(service):
    service.make("slow")
    started = time.monotonic()
    text = b"x\n" * 300
    lines(service.ferrule("pubsub", "publish", "slow", "--rate", 200, input=text))
    # a floor, not a ceiling: a busy machine only makes it longer
    assert time.monotonic() - started > 1.2


def peak_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def test_a_slow_consumer_keeps_memory_bounded(service, tmp_path):
    """2 GB wait on the server; the reservoir and 64 MB is all that may be resident."""
    subscription = service.make("flood")
    payload = b"x" * 1024
    table = pyarrow.table({"payload": pyarrow.array([payload] * 50_000, pyarrow.binary())})
    path = tmp_path / "flood.arrow"
    with pyarrow.ipc.new_file(path, table.schema) as writer:
        for _ in range(40):
            writer.write_table(table)
    lines(service.ferrule("pubsub", "publish", "flood", path, "--format", "arrow", timeout=200))
    path.unlink()
    assert service.unacked(subscription) == 2_000_000
    command = [service.command, "pubsub", "pull", subscription, "--ack", "--rate", "20000"]
    command += ["--reservoir-bytes", "64m", "--output", "/dev/null", "--quiet"]
    pull = subprocess.Popen([*command, "--emulator-host", service.host])
    try:
        for _ in range(100):
            time.sleep(0.1)
            assert pull.poll() is None
        assert service.unacked(subscription) < 2_000_000
        assert peak_kb(pull.pid) <= (64 + 64) * 1024
        pull.send_signal(signal.SIGINT)
        assert pull.wait(60) == 130
    finally:
        pull.kill()
        pull.wait()
    assert service.ferrule("pubsub", "sub", "delete", subscription).returncode == 0
