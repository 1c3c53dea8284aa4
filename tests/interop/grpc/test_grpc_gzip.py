"""The compressed cases, each way, against grpc-go: its own programs leave them out."""

import subprocess

import pytest
from support.grpc_servers import our_server

PATIENCE_S = 60

# what grpc-go's server saw of our client's calls, in their order; it answers as the call's
# grpc-encoding says, unless it is told otherwise
SERVER_SAW = {
    "client_compressed_unary": [
        "UnaryCall in 1 gzip 0 out 0 gzip 0",
        "UnaryCall in 1 gzip 1 out 1 gzip 1",
        "UnaryCall in 1 gzip 0 out 1 gzip 1",
    ],
    "server_compressed_unary": [
        "UnaryCall in 1 gzip 1 out 1 gzip 1",
        "UnaryCall in 1 gzip 1 out 1 gzip 0",
    ],
    "client_compressed_streaming": [
        "StreamingInputCall in 1 gzip 0 out 0 gzip 0",
        "StreamingInputCall in 2 gzip 1 out 1 gzip 1",
    ],
    # grpc-go compresses all messages of a call, or none
    "server_compressed_streaming": ["StreamingOutputCall in 1 gzip 0 out 2 gzip 2"],
}


def told(lines):
    return [line.strip().rpartition("/")[2] for line in lines]


@pytest.mark.parametrize("case", SERVER_SAW)
def test_our_client_with_grpc_go(case, our_tools, go_tools):
    server = subprocess.Popen([go_tools / "gzip", "server"], stdout=subprocess.PIPE, text=True)
    with server:
        try:
            port = server.stdout.readline().strip()
            done = subprocess.run(
                [our_tools / "tool_interop_client", port, case],
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
            assert done.returncode == 0, done.stderr
            lines = [server.stdout.readline() for _ in SERVER_SAW[case]]
        finally:
            server.kill()
    assert told(lines) == SERVER_SAW[case]


def test_grpc_gos_client_with_our_server(our_tools, go_tools):
    with our_server(our_tools) as port:
        done = subprocess.run(
            [go_tools / "gzip", "client", str(port)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(done.stdout.splitlines()) == [
        "UnaryCall in 1 gzip 1 out 1 gzip 1",
        "UnaryCall in 1 gzip 0 out 1 gzip 1",
        "StreamingInputCall in 1 gzip 0 out 2 gzip 2",
        "StreamingOutputCall in 2 gzip 1 out 1 gzip 1",
    ]
