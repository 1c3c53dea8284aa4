"""Runs a suite's commands: output into a file, signs of life on the terminal."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build/test-logs"
HEARTBEAT_S = 30
WIDTH = 200
PROGRESS = re.compile(r"\[\w+ \d+/\d+\] |ok: ")

_running = set()
_stopped = threading.Event()
_lock = threading.Lock()


def say(text):
    with _lock:
        print(text, flush=True)


class Log:
    """One suite's log file and JUnit file."""

    def __init__(self, name):
        self.name = name
        self.path = LOGS / f"{name}.log"
        self.junit = LOGS / f"{name}.xml"
        LOGS.mkdir(parents=True, exist_ok=True)
        self.path.write_text("")
        self.junit.unlink(missing_ok=True)

    def run(self, *command, limit_s, env=None):
        """The command's exit code; 124 where it took longer than limit_s seconds."""
        with self.path.open("a") as out:
            out.write(f"$ {' '.join(map(str, command))}\n")
            out.flush()
            with _lock:
                if _stopped.is_set():
                    return 130
                process = subprocess.Popen(
                    [str(word) for word in command],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    start_new_session=True,
                )
                _running.add(process)
            try:
                return self._wait(process, time.monotonic() + limit_s)
            finally:
                _running.discard(process)
                end_group(process)

    def _wait(self, process, deadline):
        started = time.monotonic()
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                self.note(f"{self.name}: no end in sight, stopped")
                return 124
            try:
                return process.wait(min(left, HEARTBEAT_S))
            except subprocess.TimeoutExpired:
                say(f"   {self.name}: {time.monotonic() - started:.0f} s ...")

    def note(self, line):
        with self.path.open("a") as out:
            out.write(line + "\n")

    def lines(self):
        return self.path.read_text(errors="replace").splitlines()

    def end(self, lines=40):
        """The end of the log as lines, without what a compiler that succeeds says."""
        telling = [line for line in self.lines() if not PROGRESS.match(line)]
        for line in telling[-lines:]:
            yield f"   | {line if len(line) <= WIDTH else line[:WIDTH] + ' ...'}"
        yield f"   whole log: {self.path.relative_to(ROOT)}"


def end_group(process):
    """Nothing that a suite started outlives it."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        time.sleep(0.5)
    process.wait()


def end_all():
    """Ends what runs in any thread, and lets nothing else begin."""
    with _lock:
        _stopped.set()
        ending = list(_running)
    for process in ending:
        end_group(process)
