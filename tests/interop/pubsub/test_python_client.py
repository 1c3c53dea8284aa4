"""Google's hand-written Python publisher and subscriber."""

import collections
import threading
import time

import pytest
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.types import BatchSettings, FlowControl, PublisherOptions


@pytest.fixture
def publisher(google):
    return pubsub_v1.PublisherClient(batch_settings=BatchSettings(max_messages=500))


@pytest.fixture
def subscriber(google):
    with pubsub_v1.SubscriberClient() as client:
        yield client


class Inbox:
    """Acks what comes; a handler may do otherwise."""

    def __init__(self, client, subscription, wanted, handler=None, **flow):
        self.wanted = wanted
        self.handler = handler or (lambda message: message.ack())
        self.got = []
        self.full = threading.Event()
        self.future = client.subscribe(subscription, self.take, FlowControl(**flow))

    def take(self, message):
        self.got.append(message)
        self.handler(message)
        if len(self.got) >= self.wanted:
            self.full.set()

    def wait(self, seconds=60):
        assert self.full.wait(seconds), f"{len(self.got)} of {self.wanted}"

    def close(self):
        self.future.cancel()
        self.future.result(timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_many_messages_come_once(place, publisher, subscriber):
    sent = [publisher.publish(place.topic, b"%d" % i, n=str(i)) for i in range(5000)]
    ids = [future.result(timeout=30) for future in sent]
    assert len(set(ids)) == 5000
    with Inbox(subscriber, place.subscription, 5000) as inbox:
        inbox.wait()
        eventually(lambda: place.backlog() == 0)
    assert collections.Counter(m.message_id for m in inbox.got) == collections.Counter(ids)
    assert {int(m.data) for m in inbox.got} == set(range(5000))


def test_keys_keep_their_order(emulator, make_place, google, subscriber):
    place = make_place(emulator, enable_message_ordering=True)
    ordered = pubsub_v1.PublisherClient(
        publisher_options=PublisherOptions(enable_message_ordering=True)
    )
    for i in range(2000):
        ordered.publish(place.topic, b"%d" % i, ordering_key=f"k{i % 7}")
    with Inbox(subscriber, place.subscription, 2000) as inbox:
        inbox.wait()
    by_key = collections.defaultdict(list)
    for message in inbox.got:
        by_key[message.ordering_key].append(int(message.data))
    assert len(by_key) == 7
    for numbers in by_key.values():
        assert numbers == sorted(numbers)


def test_a_nack_brings_the_later_ones_of_its_key_again(emulator, make_place, google, subscriber):
    place = make_place(emulator, enable_message_ordering=True)
    place.publish(*({"data": b"%d" % i, "ordering_key": "k"} for i in range(5)))
    ones = []

    def handler(message):
        if message.data == b"1":
            ones.append(message)
        # a late ack of a later one would count, and then it would not come again
        if message.data == b"0" or len(ones) > 1:
            message.ack()
        else:
            message.nack()

    with Inbox(subscriber, place.subscription, 6, handler) as inbox:
        eventually(lambda: place.backlog() == 0)
    first = {}
    for place_in_order, message in enumerate(inbox.got):
        first.setdefault(message.data, place_in_order)
    last = {m.data: i for i, m in enumerate(inbox.got)}
    assert last[b"1"] < last[b"2"] < last[b"3"] < last[b"4"]
    assert first[b"1"] < last[b"1"]


def test_a_nacked_message_comes_again(place, publisher, subscriber):
    publisher.publish(place.topic, b"again").result(timeout=10)
    seen = []

    def handler(message):
        seen.append(message.message_id)
        if len(seen) < 4:
            message.nack()
        else:
            message.ack()

    with Inbox(subscriber, place.subscription, 4, handler) as inbox:
        inbox.wait()
        eventually(lambda: place.backlog() == 0)
    assert len(set(seen)) == 1


def test_flow_control_holds_messages_back(place, publisher, subscriber):
    for future in [publisher.publish(place.topic, b"x" * 100) for _ in range(100)]:
        future.result(timeout=10)
    held = []
    with Inbox(subscriber, place.subscription, 10, held.append, max_messages=10) as inbox:
        inbox.wait()
        time.sleep(1)
        assert len(held) == 10
        for _ in range(100):
            while held:
                held.pop().ack()
            if place.backlog() == 0:
                break
            time.sleep(0.1)
    assert place.backlog() == 0
    assert len(inbox.got) == 100


def test_exactly_once_acks_are_confirmed(emulator, make_place, google, publisher, subscriber):
    place = make_place(emulator, enable_exactly_once_delivery=True)
    for future in [publisher.publish(place.topic, b"%d" % i) for i in range(50)]:
        future.result(timeout=10)
    acks = []
    with Inbox(
        subscriber, place.subscription, 50, lambda m: acks.append(m.ack_with_response())
    ) as inbox:
        inbox.wait()
        for ack in acks:
            assert ack.result(timeout=20).name == "SUCCESS"
    assert place.backlog() == 0


def test_streams_that_end_are_opened_again(own_emulator, make_place, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", own_emulator.host)
    place = make_place(own_emulator)
    own_emulator.faults("kill-streams after=300")
    with pubsub_v1.SubscriberClient() as subscriber:
        for _ in range(10):
            place.publish(*(b"%d" % i for i in range(100)))
        with Inbox(subscriber, place.subscription, 1000) as inbox:
            eventually(lambda: place.backlog() == 0, 90)
    assert len({m.message_id for m in inbox.got}) == 1000
