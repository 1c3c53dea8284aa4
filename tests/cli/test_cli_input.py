"""What `pubsub publish` is given, and what becomes of it: odd lines, odd files, Ctrl-C."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import time

import pyarrow
import pytest
from ferrule_command import Service

LIMIT = 10_000_000


def publish(service, topic, *arguments, **more):
    return service.ferrule("pubsub", "publish", topic, *arguments, **more)


def pulled(service, subscription, count):
    """The messages as objects, in the order in which they came, and acked."""
    done = service.ferrule(
        *("pubsub", "pull", subscription, "--ack", "--max", count, "--format", "jsonl")
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def start(service, *arguments, **more):
    environment = {**os.environ, "PUBSUB_EMULATOR_HOST": service.host}
    command = [service.command, "pubsub", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **more)


def test_a_payload_is_a_line_without_its_end(service):
    subscription = service.make("ends")
    done = publish(service, "ends", input=b"unix\ndos\r\n\r\n\nin\rside\nnul\0\nlast\r")
    assert done.returncode == 0, done.stderr
    got = [message["data"] for message in pulled(service, subscription, 5)]
    assert sorted(got) == ["dos", "in\rside", "last\r", "nul\0", "unix"]


def test_json_lines_of_other_systems(service):
    subscription = service.make("marked")
    text = b'\xef\xbb\xbf{"data": "a"}\r\n\r\n{"data": "b"}'
    done = publish(service, "marked", "--format", "jsonl", input=text)
    assert done.returncode == 0, done.stderr
    assert sorted(m["data"] for m in pulled(service, subscription, 2)) == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"x" * (LIMIT + 3), "line 2 is longer than"),
        (b"x" * LIMIT, "line 2: a message of 10000005 bytes, a request to this topic has room"),
        (b"x" * (LIMIT - 10), "line 2: a message of 9999995 bytes, a request to this topic has"),
    ],
)
def test_a_line_that_no_message_can_be_is_named(service, line, said):
    subscription = service.make(f"long{len(line)}")
    done = publish(service, f"long{len(line)}", input=b"first\n" + line + b"\nthird\n")
    assert done.returncode == 1
    assert f"standard input: {said}" in done.stderr.decode()
    assert "the messages before it, 1, are published" in done.stderr.decode()
    assert service.unacked(subscription) == 1


@pytest.mark.parametrize("form", ["lines", "arrow"])
def test_the_longest_message_goes(service, tmp_path, form):
    """A request of 10 MB to the byte is taken, and no byte more is tried."""
    topic = f"longest-{form}"
    subscription = service.make(topic)
    path = tmp_path / "input"

    def publish_payload(size):
        if form == "lines":
            path.write_bytes(b"x" * size)
        else:
            write_arrow(path, pyarrow.table({"payload": [b"x" * size]}))
        return publish(service, topic, path, "--format", form)

    refused = publish_payload(LIMIT)
    assert refused.returncode == 1
    room = int(re.search(rb"has room for (\d+)", refused.stderr).group(1))
    head = 5  # of the payload in its message
    assert LIMIT - 60 < room < LIMIT - 20
    refused = publish_payload(room - head + 1)
    assert f"{room + 1} bytes".encode() in refused.stderr
    assert b"nothing is published" in refused.stderr
    done = publish_payload(room - head)
    assert done.returncode == 0, done.stderr
    assert len(pulled(service, subscription, 1)[0]["data"]) == room - head


def test_input_without_line_ends_does_not_fill_the_memory(service):
    service.make("endless")
    with open("/dev/zero", "rb") as zeros:
        done = publish(service, "endless", stdin=zeros)
    assert done.returncode == 1 and b"line 1 is longer than" in done.stderr


def test_a_message_of_nothing_is_named(service):
    service.make("nothing")
    for text in ('{"attributes": {}}', '{"data": ""}', "{}"):
        lines = f'{{"data": "x"}}\n{text}\n'.encode()
        done = publish(service, "nothing", "--format", "jsonl", input=lines)
        assert done.returncode == 1, text
        assert b"line 2: neither data nor attributes" in done.stderr


def test_a_folder_a_missing_and_an_empty_file(service, tmp_path):
    service.make("files")
    for form in ("lines", "jsonl", "arrow"):
        done = publish(service, "files", tmp_path, "--format", form)
        assert done.returncode == 1
        assert f"{tmp_path}: cannot read: Is a directory" in done.stderr.decode()
        done = publish(service, "files", tmp_path / "none", "--format", form)
        assert done.returncode == 3
        assert f"{tmp_path}/none: No such file" in done.stderr.decode()
    empty = tmp_path / "empty"
    empty.touch()
    assert publish(service, "files", empty).returncode == 0
    done = publish(service, "files", empty, "--format", "arrow")
    assert done.returncode == 1 and f"{empty}: IPC: the input is empty" in done.stderr.decode()


def write_arrow(path, table, **options):
    with pyarrow.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, **options)


def test_a_broken_arrow_file_is_named(service, tmp_path):
    service.make("cut")
    whole = tmp_path / "whole.arrows"
    write_arrow(whole, pyarrow.table({"payload": [b"x" * 100] * 1000}))
    cut = tmp_path / "cut.arrows"
    cut.write_bytes(whole.read_bytes()[:5000])
    done = publish(service, "cut", cut, "--format", "arrow")
    assert done.returncode == 1
    assert f"{cut}: IPC: cut off" in done.stderr.decode()


def test_a_row_that_no_message_can_be_is_named(service, tmp_path):
    subscription = service.make("row")
    path = tmp_path / "rows.arrows"
    table = pyarrow.table({"payload": [b"x"] * 7 + [b""] + [b"y"]})
    write_arrow(path, table, max_chunksize=5)
    done = publish(service, "row", path, "--format", "arrow")
    assert done.returncode == 1
    said = f"{path}: batch 1, from row 0 on: publish: row 2 has neither payload"
    assert said in done.stderr.decode()
    assert service.unacked(subscription) <= 5


def test_a_limit_cuts_a_batch_of_an_arrow_file(service, tmp_path):
    subscription = service.make("limited")
    path = tmp_path / "rows.arrows"
    write_arrow(path, pyarrow.table({"payload": [b"%d" % i for i in range(1000)]}))
    done = publish(service, "limited", path, "--format", "arrow", "--limit", 17)
    assert done.returncode == 0, done.stderr
    assert service.unacked(subscription) == 17
    got = {int(m["data"]) for m in pulled(service, subscription, 17)}
    assert got == set(range(17))


@pytest.mark.parametrize("form", ["jsonl", "arrow"])
def test_what_was_pulled_can_be_published_again(service, tmp_path, form):
    subscription = service.make(f"again-{form}")
    sent = [
        {"data": "text", "attributes": {"a": "ü"}, "ordering_key": "k"},
        {"data_base64": "//4A", "attributes": {}},
        {"data": "z"},
    ]
    text = "".join(json.dumps(m) + "\n" for m in sent).encode()
    done = publish(service, f"again-{form}", "--format", "jsonl", input=text)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "pulled"
    pull = ["pubsub", "pull", subscription, "--ack", "--max", 3, "--format", form]
    assert service.ferrule(*pull, "--output", path).returncode == 0
    done = publish(service, f"again-{form}", path, "--format", form)
    assert done.returncode == 0, done.stderr
    got = pulled(service, subscription, 3)
    data = [(m.get("data"), m.get("data_base64"), m["attributes"]) for m in got]
    wanted = [("text", None, {"a": "ü"}), (None, "//4A", {}), ("z", None, {})]
    assert sorted(data, key=str) == sorted(wanted, key=str)
    assert [m["ordering_key"] for m in got if m.get("data") == "text"] == ["k"]


def test_what_is_no_base64_is_refused(service):
    service.make("base64")
    for value in ("a", "====", "AB=C", "A===", "AA=A", "AAAA====", "é===", 1, None, ["AAAA"]):
        line = json.dumps({"data_base64": value}).encode()
        done = publish(service, "base64", "--format", "jsonl", input=line)
        assert done.returncode == 1 and b"data_base64" in done.stderr, value
    done = publish(service, "base64", "--format", "jsonl", input=b'{"data":"","data_base64":""}')
    assert done.returncode == 1 and b"both there" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--attribute", "x"], "KEY=VALUE is wanted"),
        (["--attribute", "=x"], "KEY=VALUE is wanted"),
        (["--attribute", "a=b", "--format", "arrow"], "has a column attributes"),
        (["--ordering-key", "k", "--format", "jsonl"], "name theirs"),
        (["--ordering-key", "k", "--format", "arrow"], "name theirs"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(service, options, said):
    done = publish(service, "unused", *options, input=b"x")
    assert done.returncode == 2 and said in done.stderr.decode()


@pytest.mark.parametrize("form", ["lines", "jsonl"])
def test_an_interrupt_sends_what_was_read(service, form):
    subscription = service.make(f"interrupted-{form}")
    process = start(
        service, "publish", f"interrupted-{form}", "--format", form, stdin=subprocess.PIPE
    )
    process.stdin.write(b'{"data": "1"}\n{"data": "2"}\n{"data": "ha')
    process.stdin.flush()
    wait_until_it_waits(process)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(20) == 130
    assert b"2 messages" in said and b"every message confirmed" in said
    process.stdin.close()
    assert service.unacked(subscription) == 2


def test_an_interrupt_ends_the_wait_for_an_arrow_pipe(service):
    service.make("pipe")
    process = start(service, "publish", "pipe", "--format", "arrow", stdin=subprocess.PIPE)
    wait_until_it_waits(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    process.stdin.close()
    process.stderr.close()


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def wait_until_it_waits(process):
    """Until it has read all of standard input, and waits for more."""
    for _ in range(400):
        read_all = unread(process.stdin) == 0
        with open(f"/proc/{process.pid}/syscall", encoding="ascii") as file:
            words = file.read().split()
        # read, of descriptor 0
        if read_all and words[:2] == ["0", "0x0"]:
            return
        time.sleep(0.05)
    raise AssertionError("it does not read")


def test_an_interrupt_ends_the_wait_for_a_server_that_went():
    server = Service("--topic", "gone")
    process = start(server, "publish", "gone", "--rate", 10, stdin=subprocess.PIPE)
    process.stdin.write(b"line\n" * 100)
    process.stdin.flush()
    assert process.stderr.readline()  # the first line of the progress: some are sent
    server.process.kill()
    server.process.wait()
    server.process.stdout.close()
    process.stdin.write(b"line\n" * 100)
    process.stdin.close()
    assert process.stderr.readline()
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(30) == 130
    process.stderr.close()
    assert b"interrupted before the server has confirmed every message" in said
