"""Ferrule's JSON decoder through the test program tool_json_decode."""

import json
import os
import pathlib
import struct
import subprocess
from typing import NamedTuple

import pyarrow as pa


class Decoded(NamedTuple):
    table: pa.Table | None  # None: the call failed
    report: dict  # rows, bad, dropped, empty, kept, reasons
    error: str


def program():
    override = os.environ.get("FERRULE_JSON_TOOL")
    root = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))
    path = pathlib.Path(override or root / "build/dev/tests/tool_json_decode")
    assert path.is_file(), f"{path} is missing (make build)"
    return path


def decode(ddl, records, **options):
    framed = b"".join(struct.pack("<I", len(r)) + r for r in records)
    arguments = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        [program(), ddl, *arguments], input=framed, capture_output=True, timeout=120, check=False
    )
    lines = done.stderr.decode().splitlines()
    report = next((json.loads(line) for line in lines if line.startswith("{")), {})
    if done.returncode:
        return Decoded(None, report, lines[-1] if lines else f"exit {done.returncode}")
    return Decoded(pa.ipc.open_stream(done.stdout).read_all(), report, "")
