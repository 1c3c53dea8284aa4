"""Faults on request, and the data directory under kill -9."""

import signal
import subprocess

import pytest
from conftest import Emulator, command
from google.api_core import exceptions


def test_calls_are_refused_as_asked_for(own_emulator, make_place):
    place = make_place(own_emulator)
    own_emulator.faults("refuse method=Publish status=PERMISSION_DENIED calls=1")
    with pytest.raises(exceptions.PermissionDenied):
        place.publish(b"a")
    place.publish(b"b")
    assert place.backlog() == 1


def test_leases_end_on_request(own_emulator, make_place):
    place = make_place(own_emulator)
    place.publish(b"a")
    assert len(place.pull()) == 1
    own_emulator.faults("expire-leases")
    (again,) = place.pull_now()
    assert again.message.data == b"a"


def test_acks_are_dropped_on_request(own_emulator, make_place):
    place = make_place(own_emulator)
    place.publish(b"a")
    received = place.pull()
    own_emulator.faults("drop-acks calls=1")
    place.ack(received)
    assert place.backlog() == 1
    place.ack(received)
    assert place.backlog() == 0


def test_answers_come_late_on_request(own_emulator, make_place):
    place = make_place(own_emulator)
    own_emulator.faults("delay ms=3000 method=GetTopic")
    with pytest.raises(exceptions.DeadlineExceeded):
        place.publisher.get_topic(topic=place.topic, timeout=0.5, retry=None)


def test_a_wrong_fault_is_explained(own_emulator):
    asked = subprocess.run(
        [command(), "emulator", "faults", "explode", "--host-port", own_emulator.host],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert asked.returncode != 0
    assert "kill-streams" in asked.stderr


def test_the_command_tells_the_backlog(own_emulator, make_place):
    place = make_place(own_emulator)
    place.publish(b"a", b"b")
    asked = subprocess.run(
        [command(), "emulator", "backlog", place.subscription, "--host-port", own_emulator.host],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert asked.stdout.startswith("2 messages not acked"), asked.stderr


def test_nothing_published_or_acked_is_lost_by_a_kill(tmp_path, make_place):
    emulator = Emulator("--quiet", "--data-dir", str(tmp_path / "data")).begin()
    try:
        place = make_place(emulator)
        expected = set()
        for turn in range(5):
            for _ in range(20):
                expected.update(place.publish(*(b"%d" % i for i in range(50))))
            received = place.pull(300)
            place.ack(received[:200])
            expected -= {r.message.message_id for r in received[:200]}
            emulator.end(signal.SIGKILL)
            emulator.begin()
            place.close()
            place.publisher = emulator.client(type(place.publisher))
            place.subscriber = emulator.client(type(place.subscriber))
            assert place.backlog() == len(expected), turn
        found = set()
        while received := place.pull_now():
            found.update(r.message.message_id for r in received)
            place.ack(received)
        assert found == expected
        assert place.backlog() == 0
    finally:
        emulator.end()


def test_an_ack_from_before_the_kill_counts(tmp_path, make_place):
    emulator = Emulator("--quiet", "--data-dir", str(tmp_path / "data")).begin()
    try:
        place = make_place(emulator)
        place.publish(b"a", b"b")
        received = place.pull()
        emulator.end(signal.SIGKILL)
        emulator.begin()
        place.close()
        place.subscriber = emulator.client(type(place.subscriber))
        place.ack(received[:1])
        assert place.backlog() == 1
    finally:
        emulator.end()
