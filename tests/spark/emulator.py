"""The embedded emulator as a process, and Google's own client beside it."""

import os
import signal
import socket
import subprocess
import time

import grpc
from google.api_core import exceptions
from google.pubsub_v1 import PublisherClient, SubscriberClient

PROJECT = "ferrule-tests"
START_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """`ferrule emulator` on a port of its own; with a data folder it survives a kill."""

    def __init__(self, folder, *, durable=False):
        self.folder = folder
        self.arguments = ["--data-dir", str(folder / "data")] if durable else []
        self.port = free_port()
        self.process = None

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.kill()

    def begin(self):
        command = os.environ["FERRULE_COMMAND"]
        with open(self.folder / "emulator.log", "ab") as log:
            self.process = subprocess.Popen(
                [command, "emulator", f"--host-port={self.host}", *self.arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "emulator.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"the emulator did not answer within {START_S} s")

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


def client_of(channel, kind):
    """A Google client on the channel, whatever the environment says."""
    return kind(transport=kind.get_transport_class("grpc")(channel=channel))


def varint(data, at):
    """The varint at a position and the position behind it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def uint64_of(message, field):
    """A field of a message that has none but varints; 0 where it is absent."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value, at = varint(message, at)
        if key >> 3 == field:
            return value
    return 0


class Subscription:
    """A topic and one subscription on it, seen by Google's client."""

    def __init__(self, emulator, name, **settings):
        self.emulator = emulator
        self.name = name
        self.channel = grpc.insecure_channel(
            emulator.host, options=[("grpc.max_receive_message_length", 20 << 20)]
        )
        self.publisher = client_of(self.channel, PublisherClient)
        self.subscriber = client_of(self.channel, SubscriberClient)
        self.topic = f"projects/{PROJECT}/topics/{name}"
        self.path = f"projects/{PROJECT}/subscriptions/{name}"
        self.publisher.create_topic(name=self.topic)
        request = {"name": self.path, "topic": self.topic, "ack_deadline_seconds": 10}
        self.subscriber.create_subscription(request=request | settings)

    def publish(self, payloads, **fields):
        """Publishes payloads, or whole messages as dicts; returns their ids."""
        ids = []
        messages = [p if isinstance(p, dict) else {"data": p, **fields} for p in payloads]
        for first in range(0, len(messages), 1000):
            answer = self.publisher.publish(
                topic=self.topic, messages=messages[first : first + 1000]
            )
            ids.extend(answer.message_ids)
        return ids

    def unacked(self):
        """How many messages the emulator still keeps, leased ones too."""
        call = self.channel.unary_unary("/ferrule.emulator.v1.Control/Backlog")
        name = self.path.encode()
        answer = call(b"\x0a" + bytes([len(name)]) + name, timeout=10)
        return uint64_of(answer, 1)

    def remaining(self, wait_s=3):
        """The payloads that Google's client still gets, until none comes for wait_s."""
        found = {}
        while True:
            try:
                answer = self.subscriber.pull(
                    subscription=self.path, max_messages=1000, timeout=wait_s
                )
            except exceptions.DeadlineExceeded:
                return found
            if not answer.received_messages:
                return found
            for received in answer.received_messages:
                found[received.message.message_id] = received.message.data
            self.subscriber.acknowledge(
                subscription=self.path,
                ack_ids=[received.ack_id for received in answer.received_messages],
            )

    def options(self, **more):
        return {
            "projectId": PROJECT,
            "subscriptionId": self.name,
            "emulatorHost": self.emulator.host,
            **more,
        }

    def close(self):
        self.channel.close()
