"""Our client against Google's own fake of the service."""

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", HERE.parents[2]))
PROGRAMS = ROOT / os.environ.get("FERRULE_BUILD", "build/dev") / "tests"


def go():
    return os.environ.get("FERRULE_GO") or os.environ.get("GO") or shutil.which("go") or "go"


@pytest.fixture(scope="module")
def address():
    """host:port of the fake, which ends with its standard input."""
    program = ROOT / "build/interop/pstest"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [go(), "build", "-mod=readonly", "-o", str(program), "."],
        cwd=HERE,
        env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        check=True,
        timeout=900,
    )
    server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.mark.parametrize(
    "program", ["test_admin_service", "test_publisher_service", "test_subscriber_service"]
)
def test_our_client_works_with_googles_fake(address, program):
    ended = subprocess.run(
        [PROGRAMS / program],
        env={**os.environ, "FERRULE_TEST_PUBSUB": address},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
