"""The emulator as a process, and Google's Python clients on it."""

import contextlib
import os
import pathlib
import signal
import subprocess
import uuid

import grpc
import pytest
from google.pubsub_v1 import PublisherClient, SubscriberClient

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", HERE.parents[2]))
PROJECT = "projects/interop"
LARGE = [
    ("grpc.max_receive_message_length", 20 << 20),
    ("grpc.max_send_message_length", 20 << 20),
]


def command():
    named = os.environ.get("FERRULE_BIN") or os.environ.get("FERRULE_COMMAND")
    return named or str(ROOT / "build/dev/ferrule")


class Emulator:
    """`ferrule emulator` on a port that the system chose."""

    def __init__(self, *arguments, port=0):
        self.arguments = arguments
        self.port = port
        self.process = None

    def begin(self):
        self.process = subprocess.Popen(
            [command(), "emulator", f"--host-port=127.0.0.1:{self.port}", *self.arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self.process.stdout.readline()
        assert ready.startswith("ready on "), ready
        self.host = ready.split()[-1]
        self.port = int(self.host.rpartition(":")[2])
        return self

    def end(self, number=signal.SIGTERM):
        if not self.process:
            return None
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process = None
        return code

    def client(self, kind):
        """A client of the generated API that may receive 10 MB."""
        channel = grpc.insecure_channel(self.host, options=LARGE)
        return kind(transport=kind.get_transport_class("grpc")(channel=channel))

    def _ask(self, method, text):
        field = text.encode()
        size = len(field)
        length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        with grpc.insecure_channel(self.host) as channel:
            call = channel.unary_unary(f"/ferrule.emulator.v1.Control/{method}")
            return call(b"\x0a" + length + field, timeout=10)

    def faults(self, text):
        self._ask("SetFaults", text)

    def backlog(self, subscription):
        """How many messages are not acked."""
        answer = self._ask("Backlog", subscription)
        value = 0
        for place, byte in enumerate(answer[1:]):
            value |= (byte & 127) << 7 * place
            if byte < 128:
                break
        return value


class Place:
    """A topic with one subscription."""

    def __init__(self, emulator, **settings):
        name = f"t{uuid.uuid4().hex[:12]}"
        self.emulator = emulator
        self.topic = f"{PROJECT}/topics/{name}"
        self.subscription = f"{PROJECT}/subscriptions/{name}"
        self.publisher = emulator.client(PublisherClient)
        self.subscriber = emulator.client(SubscriberClient)
        self.publisher.create_topic(name=self.topic)
        request = {"name": self.subscription, "topic": self.topic} | settings
        self.subscriber.create_subscription(request=request)

    def publish(self, *messages):
        made = [m if isinstance(m, dict) else {"data": m} for m in messages]
        return list(self.publisher.publish(topic=self.topic, messages=made).message_ids)

    def pull(self, most=1000, **more):
        answer = self.subscriber.pull(
            request={"subscription": self.subscription, "max_messages": most, **more}, timeout=30
        )
        return list(answer.received_messages)

    def pull_now(self, most=1000):
        return self.pull(most, return_immediately=True)

    def ack(self, received):
        self.subscriber.acknowledge(
            subscription=self.subscription, ack_ids=[r.ack_id for r in received]
        )

    def nack(self, received):
        self.subscriber.modify_ack_deadline(
            subscription=self.subscription,
            ack_ids=[r.ack_id for r in received],
            ack_deadline_seconds=0,
        )

    def backlog(self):
        return self.emulator.backlog(self.subscription)

    def close(self):
        self.publisher.transport.close()
        self.subscriber.transport.close()


@pytest.fixture(scope="session")
def emulator():
    running = Emulator("--quiet").begin()
    yield running
    assert running.end() == 0


@pytest.fixture
def own_emulator():
    """One whose faults disturb no other test."""
    running = Emulator("--quiet").begin()
    yield running
    running.end()


@pytest.fixture
def make_place():
    with contextlib.ExitStack() as stack:

        def make(emulator, **settings):
            made = Place(emulator, **settings)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def place(emulator, make_place):
    return make_place(emulator)


@pytest.fixture
def google(emulator, monkeypatch):
    """Environment in which Google's hand-written clients find the emulator."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.host)
    return emulator
