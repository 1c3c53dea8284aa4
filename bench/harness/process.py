"""Running servers and clients: bounded, ended by their own id, read for one figure."""

import contextlib
import json
import os
import subprocess


def cpu_seconds(pid):
    """User and system seconds of a running process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


class Server:
    """A program that prints its port on its first line."""

    def __init__(self, command, port_of=int):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = port_of(self.process.stdout.readline())
        self.address = f"127.0.0.1:{self.port}"

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def peak_kb(self):
        return peak_kb(self.process.pid)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def server(command, port_of=int):
    running = Server(command, port_of)
    try:
        yield running
    finally:
        running.end()


def client(command, address=None, timeout=300):
    """The JSON line that a client prints last."""
    env = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1")
    if address:
        env["PUBSUB_EMULATOR_HOST"] = address
    done = subprocess.run(
        list(map(str, command)), env=env, capture_output=True, text=True, timeout=timeout
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise SystemExit(f"bench: {command[0]} failed ({done.returncode}):\n{done.stderr}")
    return json.loads(lines[-1])


def middle(runs):
    """The run in the middle, by CPU."""
    return sorted(runs, key=lambda r: r["cpu_seconds"] / r["bytes"])[len(runs) // 2]
