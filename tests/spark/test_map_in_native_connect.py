"""Kernels through Spark Connect: the server's plugin, the library as an artifact."""

import json
import os
import pathlib
import subprocess
import sys

import pyspark
import pytest
from native_kernels import build

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(
        pyspark.__version__ < "4", reason="a server takes relations of this form from 4.0 on"
    ),
]

PROGRAM = pathlib.Path(__file__).parent / "connect_program.py"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("connect")
    command = [sys.executable, PROGRAM, os.environ["FERRULE_JAR"], build("work", folder)]
    env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=280, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    return json.loads(lines[-1])


def test_a_kernel_gives_what_the_built_in_expressions_give(found):
    assert found["columns"] == ["u", "v"]
    assert found["differing"] == [0, 0]


def test_options_reach_the_kernel(found):
    assert found["counted"] == [[900, 3, 100]] * 3


def test_what_is_wrong_is_told_to_the_client(found):
    assert "needed: `id` BIGINT, `s` STRING, `d` DOUBLE" in found["shape"]
    assert "it is not loaded" in found["checksum"]
    assert 'no kernel library "libx.so"' in found["library"]


def test_columns_that_are_known_later_are_compared_then(found):
    assert "made_later" in found["before"]  # the table, not the kernel, is what is missing
    assert found["later"] == [0, 0]
    assert "needed: `id` BIGINT, `s` STRING, `d` DOUBLE" in found["later_shape"]
    assert "option times is x" in found["later_option"]
