"""Google's Go client, by the program in go/."""

import json
import os
import shutil
import subprocess

import pytest
from conftest import HERE, ROOT


def go():
    return os.environ.get("FERRULE_GO") or os.environ.get("GO") or shutil.which("go") or "go"


@pytest.fixture(scope="module")
def program():
    built = ROOT / "build/interop/pubsub-go"
    built.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [go(), "build", "-mod=readonly", "-o", str(built), "."],
        cwd=HERE / "go",
        env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        check=True,
        timeout=900,
    )
    return built


@pytest.fixture
def run(program, emulator):
    def run_case(case, place, count, size=100):
        ended = subprocess.run(
            [program, case, place.topic, place.subscription, str(count), str(size)],
            env={**os.environ, "PUBSUB_EMULATOR_HOST": emulator.host},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    return run_case


def test_publish_and_subscribe(run, place):
    result = run("plain", place, 20000)
    assert result["distinct"] == 20000
    assert place.backlog() == 0


def test_large_messages(run, place):
    result = run("plain", place, 5, 9_900_000)
    assert result["distinct"] == 5
    assert place.backlog() == 0


def test_compressed_requests(run, place):
    assert run("gzip", place, 2000, 1000)["distinct"] == 2000
    assert place.backlog() == 0


def test_ordered(run, emulator, make_place):
    place = make_place(emulator, enable_message_ordering=True)
    result = run("ordered", place, 3000)
    assert result["distinct"] == 3000
    assert result["disorder"] == 0
    assert place.backlog() == 0


def test_nacked_messages_come_again(run, place):
    result = run("nack", place, 500)
    assert result["distinct"] == 500
    assert result["received"] == 1000
    assert place.backlog() == 0


def test_exactly_once(run, emulator, make_place):
    place = make_place(emulator, enable_exactly_once_delivery=True)
    result = run("exactly-once", place, 500)
    assert result["received"] == 500
    assert place.backlog() == 0


def test_a_quiet_stream_stays_open(run, place):
    """Pings are answered, or the client would open a new stream every 45 seconds."""
    assert run("quiet", place, 1)["distinct"] == 1
