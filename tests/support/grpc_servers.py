"""Servers of gRPC's interoperability tests, ours and grpc-go's, for as long as a with lasts."""

import contextlib
import socket
import subprocess
import time

PATIENCE_S = 20


@contextlib.contextmanager
def our_server(folder, *arguments):
    """Its port; it lives as long as its standard input is open."""
    with subprocess.Popen(
        [folder / "tool_interop_server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def go_server(folder):
    port = free_port()
    command = [folder / "server", f"--port={port}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()
