"""gRPC's interoperability cases, each way, between Ferrule and grpc-go."""

import subprocess

import pytest
from support.grpc_servers import go_server, our_server

# all of interop-test-descriptions.md that needs no Google account
CASES = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
]


@pytest.fixture(scope="module")
def our_port(our_tools):
    with our_server(our_tools) as port:
        yield port


@pytest.fixture(scope="module")
def go_port(go_tools):
    with go_server(go_tools) as port:
        yield port


def assert_succeeds(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_official_client_with_our_server(case, go_tools, our_port):
    assert_succeeds(
        go_tools / "client",
        "--use_tls=false",
        "--server_host=127.0.0.1",
        f"--server_port={our_port}",
        f"--test_case={case}",
    )


@pytest.mark.parametrize("case", CASES)
def test_our_client_with_official_server(case, our_tools, go_port):
    assert_succeeds(our_tools / "tool_interop_client", str(go_port), case)
