"""Our own programs, and the Go ones that go/go.mod names, built once a session."""

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", HERE.parents[2]))
TOOLS = ("google.golang.org/grpc/interop/client", "google.golang.org/grpc/interop/server",
         "github.com/summerwind/h2spec/cmd/h2spec", "./gzip")  # fmt: skip


def go():
    return os.environ.get("FERRULE_GO") or os.environ.get("GO") or shutil.which("go") or "go"


@pytest.fixture(scope="session")
def go_tools():
    """The folder with client, server, h2spec and gzip."""
    folder = ROOT / "build/interop/grpc"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [go(), "build", "-mod=readonly", "-o", f"{folder}/", *TOOLS],
        cwd=HERE / "go",
        env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        check=True,
        timeout=900,
    )
    return folder


@pytest.fixture(scope="session")
def our_tools():
    """The folder with tool_interop_client and tool_interop_server."""
    return ROOT / os.environ.get("FERRULE_BUILD", "build/dev") / "tests"
