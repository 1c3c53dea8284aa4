"""Each call of the API by Google's generated Python client."""

import concurrent.futures
import datetime
import time

import pytest
from conftest import PROJECT, Emulator
from google.api_core import exceptions
from google.pubsub_v1 import SchemaServiceClient


def datas(received):
    return [r.message.data for r in received]


def test_a_message_keeps_all_its_parts(place):
    (message_id,) = place.publish(
        {"data": b"\x00\xff", "attributes": {"k": "v", "ü": "ß"}, "ordering_key": "o"}
    )
    (received,) = place.pull()
    message = received.message
    assert message.data == b"\x00\xff"
    assert dict(message.attributes) == {"k": "v", "ü": "ß"}
    assert message.ordering_key == "o"
    assert message.message_id == message_id
    age = datetime.datetime.now(datetime.timezone.utc) - message.publish_time
    assert abs(age) < datetime.timedelta(minutes=1)


def test_ten_megabytes_pass_and_more_is_refused(place):
    largest = b"x" * (10_000_000 - 100)
    place.publish(largest)
    (received,) = place.pull()
    assert received.message.data == largest
    with pytest.raises(exceptions.InvalidArgument):
        place.publish(b"x" * 10_000_000)
    with pytest.raises(exceptions.InvalidArgument):
        place.publish(b"")
    with pytest.raises(exceptions.InvalidArgument):
        place.publish(*[b"x"] * 1001)


def test_pull_waits_for_a_message(place):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(place.pull)
        assert not concurrent.futures.wait([waiting], timeout=0.5).done
        place.publish(b"late")
        assert datas(waiting.result(timeout=10)) == [b"late"]


def test_nothing_at_once_where_asked_for(place):
    assert place.pull_now() == []


def test_acked_messages_are_gone(place):
    place.publish(b"a", b"b", b"c")
    received = place.pull()
    assert datas(received) == [b"a", b"b", b"c"]
    place.ack(received[:2])
    assert place.backlog() == 1
    place.nack(received[2:])
    assert datas(place.pull()) == [b"c"]


def test_a_bad_ack_id_is_an_invalid_argument(place):
    with pytest.raises(exceptions.InvalidArgument):
        place.subscriber.acknowledge(subscription=place.subscription, ack_ids=["nonsense!"])


def test_exactly_once_says_which_ids_failed(emulator, make_place):
    place = make_place(emulator, enable_exactly_once_delivery=True)
    place.publish(b"a")
    first = place.pull()
    place.nack(first)
    second = place.pull()
    with pytest.raises(exceptions.FailedPrecondition) as refused:
        place.ack(first)
    (info,) = refused.value.details
    assert info.metadata[first[0].ack_id] == "PERMANENT_FAILURE_INVALID_ACK_ID"
    place.ack(second)
    assert place.backlog() == 0


def test_topics_are_made_listed_changed_deleted(emulator, place):
    names = [t.name for t in place.publisher.list_topics(project=PROJECT)]
    assert place.topic in names
    assert names == sorted(names)
    with pytest.raises(exceptions.AlreadyExists):
        place.publisher.create_topic(name=place.topic)
    changed = place.publisher.update_topic(
        topic={"name": place.topic, "labels": {"a": "b"}},
        update_mask={"paths": ["labels"]},
    )
    assert dict(changed.labels) == {"a": "b"}
    with pytest.raises(exceptions.InvalidArgument):
        place.publisher.update_topic(
            topic={"name": place.topic}, update_mask={"paths": ["nonsense"]}
        )
    subscriptions = place.publisher.list_topic_subscriptions(topic=place.topic)
    assert list(subscriptions) == [place.subscription]
    place.publisher.delete_topic(topic=place.topic)
    with pytest.raises(exceptions.NotFound):
        place.publisher.get_topic(topic=place.topic)
    left = place.subscriber.get_subscription(subscription=place.subscription)
    assert left.topic == "_deleted-topic_"


def test_lists_come_in_pages(own_emulator, make_place):
    place = make_place(own_emulator)
    made = sorted(f"{PROJECT}/topics/page{i}" for i in range(25)) + [place.topic]
    for name in made[:-1]:
        place.publisher.create_topic(name=name)
    pages = place.publisher.list_topics(request={"project": PROJECT, "page_size": 10}).pages
    sizes = [len(page.topics) for page in pages]
    assert sizes == [10, 10, 6]


def test_subscriptions_have_the_services_defaults(place):
    made = place.subscriber.get_subscription(subscription=place.subscription)
    assert made.ack_deadline_seconds == 10
    assert made.message_retention_duration == datetime.timedelta(days=7)
    assert made.expiration_policy.ttl == datetime.timedelta(days=31)
    changed = place.subscriber.update_subscription(
        subscription={"name": place.subscription, "ack_deadline_seconds": 77},
        update_mask={"paths": ["ack_deadline_seconds"]},
    )
    assert changed.ack_deadline_seconds == 77
    with pytest.raises(exceptions.InvalidArgument):
        place.subscriber.update_subscription(
            subscription={"name": place.subscription, "ack_deadline_seconds": 5},
            update_mask={"paths": ["ack_deadline_seconds"]},
        )
    place.subscriber.delete_subscription(subscription=place.subscription)
    with pytest.raises(exceptions.NotFound):
        place.pull()


def test_a_detached_subscription_gives_nothing(place):
    place.publish(b"a")
    place.publisher.detach_subscription(request={"subscription": place.subscription})
    assert place.subscriber.get_subscription(subscription=place.subscription).detached
    with pytest.raises(exceptions.FailedPrecondition):
        place.pull()


def test_a_filter_keeps_messages_out(emulator, make_place):
    place = make_place(emulator, filter='attributes.lang = "en" OR hasPrefix(attributes.k, "p")')
    for attributes in ({"lang": "en"}, {"lang": "de"}, {"k": "pq"}, {}):
        place.publish({"data": str(attributes).encode(), "attributes": attributes})
    assert datas(place.pull()) == [b"{'lang': 'en'}", b"{'k': 'pq'}"]
    with pytest.raises(exceptions.InvalidArgument):
        make_place(emulator, filter="lang = en")


def test_poison_goes_to_the_dead_letter_topic(emulator, make_place):
    dead = make_place(emulator)
    policy = {"dead_letter_topic": dead.topic, "max_delivery_attempts": 5}
    place = make_place(emulator, dead_letter_policy=policy)
    place.publish({"data": b"poison", "attributes": {"k": "v"}})
    for attempt in range(1, 6):
        received = place.pull()
        assert [r.delivery_attempt for r in received] == [attempt]
        place.nack(received)
    (buried,) = dead.pull()
    assert buried.message.data == b"poison"
    attributes = dict(buried.message.attributes)
    assert attributes["k"] == "v"
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] in place.subscription
    assert place.backlog() == 0


def test_a_lease_expires(emulator, make_place):
    place = make_place(emulator)
    place.publish(b"a")
    began = time.monotonic()
    assert datas(place.pull()) == [b"a"]
    assert place.pull_now() == []
    assert datas(place.pull()) == [b"a"]
    assert time.monotonic() - began >= 9.9


def test_seek_goes_back_and_forth(emulator, make_place):
    place = make_place(emulator, retain_acked_messages=True)
    place.publish(b"a")
    snapshot = place.subscription.replace("subscriptions", "snapshots")
    place.ack(place.pull())
    place.subscriber.create_snapshot(name=snapshot, subscription=place.subscription)
    place.publish(b"b")
    place.ack(place.pull())
    place.subscriber.seek(
        request={
            "subscription": place.subscription,
            "time": datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc),
        }
    )
    assert datas(place.pull()) == [b"a", b"b"]
    place.subscriber.seek(request={"subscription": place.subscription, "snapshot": snapshot})
    assert datas(place.pull()) == [b"b"]
    assert [s.name for s in place.subscriber.list_snapshots(project=PROJECT)] == [snapshot]
    place.subscriber.delete_snapshot(snapshot=snapshot)
    with pytest.raises(exceptions.NotFound):
        place.subscriber.get_snapshot(snapshot=snapshot)


def test_policies_are_kept(place):
    policy = {"bindings": [{"role": "roles/pubsub.viewer", "members": ["user:a@b.example"]}]}
    place.publisher.set_iam_policy(request={"resource": place.topic, "policy": policy})
    got = place.publisher.get_iam_policy(request={"resource": place.topic})
    assert got.bindings[0].role == "roles/pubsub.viewer"
    wanted = ["pubsub.topics.get"]
    allowed = place.publisher.test_iam_permissions(
        request={"resource": place.topic, "permissions": wanted}
    )
    assert list(allowed.permissions) == wanted


def test_what_is_not_served_is_refused_by_its_name(emulator):
    schemas = emulator.client(SchemaServiceClient)
    with pytest.raises(exceptions.MethodNotImplemented) as refused:
        schemas.list_schemas(parent=PROJECT)
    assert "/google.pubsub.v1.SchemaService/ListSchemas" in refused.value.message


def test_topics_are_there_from_the_start(make_place):
    emulator = Emulator(
        "--quiet",
        "--project",
        "p",
        "--topic",
        "one",
        "--subscription",
        "q/sub:projects/q/topics/t-2",
    ).begin()
    try:
        place = make_place(emulator)
        assert place.publisher.get_topic(topic="projects/p/topics/one").name
        sub = place.subscriber.get_subscription(subscription="projects/q/subscriptions/sub")
        assert sub.topic == "projects/q/topics/t-2"
    finally:
        assert emulator.end() == 0
