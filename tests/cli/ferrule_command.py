"""The command that the tests run, and a server for it."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))
COMMAND = os.environ.get("FERRULE_COMMAND") or str(ROOT / "build/dev/ferrule")


def run_ferrule(*arguments, **more):
    """Runs it to its end; exit code, output and errors are the caller's to judge."""
    environment = {k: v for k, v in os.environ.items() if k != "PUBSUB_EMULATOR_HOST"}
    environment.update(more.pop("env", {}))
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        env=environment,
        timeout=more.pop("timeout", 60),
        **more,
    )


class Service:
    """An emulator, and the command pointed at it."""

    command = COMMAND

    def __init__(self, *options, host_port="127.0.0.1:0", stderr=None):
        self.process = subprocess.Popen(
            [COMMAND, "emulator", "--host-port", host_port, "--quiet", *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
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
