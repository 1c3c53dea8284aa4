"""The `ferrule` command, and an emulator of its own for each module."""

import subprocess

import pytest
from ferrule_command import COMMAND, run_ferrule


class Service:
    """An emulator, and the command pointed at it."""

    command = COMMAND

    def __init__(self):
        self.process = subprocess.Popen(
            [COMMAND, "emulator", "--host-port", "127.0.0.1:0", "--quiet", "--max-bytes", "6g"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.host = self.process.stdout.readline().split()[-1]

    def ferrule(self, *arguments, **more):
        return run_ferrule(*arguments, env={"PUBSUB_EMULATOR_HOST": self.host}, **more)

    def make(self, name):
        """A topic NAME and its subscription NAME-sub."""
        assert self.ferrule("pubsub", "topic", "create", name).returncode == 0
        assert self.ferrule("pubsub", "sub", "create", f"{name}-sub", name).returncode == 0
        return f"{name}-sub"

    def unacked(self, subscription):
        done = run_ferrule("emulator", "backlog", subscription, "--host-port", self.host)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[0])

    def end(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


@pytest.fixture
def ferrule():
    return run_ferrule


@pytest.fixture(scope="module")
def service():
    started = Service()
    yield started
    started.end()
