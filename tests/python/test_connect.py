"""Kernels through Spark Connect: the library goes to the server as an artifact."""

import os
import pathlib
import subprocess
import sys

import pytest


@pytest.mark.long
@pytest.mark.timeout(600)
def test_kernels_in_a_connect_session(several, jar, tmp_path):
    # the session must not find the library where it was built
    copy = tmp_path / "copy.so"
    copy.write_bytes(pathlib.Path(several).read_bytes())
    script = pathlib.Path(__file__).with_name("connect_session.py")
    done = subprocess.run(
        [sys.executable, script, copy, jar],
        cwd=tmp_path, capture_output=True, text=True, timeout=550,
        env={**os.environ, "SPARK_TESTING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = [line for line in done.stdout.split("\n") if line]
    assert said == ["90", "['twice', 'word']", "10", "1", "['twice', 'word'] 90", "True"]
