"""What keeps a cluster from starting is said by name, before anything starts."""

import os
import socket
import subprocess

import pytest


def refused(idle, what, *words, **more):
    """up fails, names what, and has started nothing."""
    done = idle.up(*words, **more)
    assert done.returncode == 1, done.stderr
    assert what in done.stderr, done.stderr
    assert not (idle.folder / ".cluster").exists()
    return done.stderr


def test_a_good_machine_passes(idle):
    done = idle.cluster("doctor", *idle.settings())
    assert done.returncode == 0, done.stdout
    assert "not ok" not in done.stdout
    assert f"port {idle.port_base} (spark-master): free" in done.stdout


def test_a_taken_port_is_named_with_its_service_and_its_process(idle):
    with socket.socket() as other:
        other.bind(("127.0.0.1", idle.port_base + 2))
        other.listen()
        said = refused(idle, f"port {idle.port_base + 2} (spark-connect)")
        assert f"process {os.getpid()} " in said
        assert "--port-base" in said


def test_no_java(idle, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    python = os.environ["PYSPARK_PYTHON"]
    said = refused(
        idle, "java: there is none", "--python", python,
        env={"JAVA_HOME": "", "PATH": str(tools)},
    )  # fmt: skip
    assert "openjdk-17" in said


def test_a_java_that_is_too_old(idle, tmp_path):
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    java = home / "bin/java"
    java.write_text("#!/bin/sh\necho openjdk 11.0.2 2019-01-15\n")
    java.chmod(0o755)
    said = refused(idle, "openjdk 11.0.2", "--java-home", home)
    assert "JAVA_HOME" in said


def test_a_python_without_spark(idle):
    said = refused(idle, "/bin/sh has no PySpark", "--python", "/bin/sh")
    assert "pyspark[connect" in said


def test_bounds_are_told_in_the_form_they_are_given(idle):
    done = idle.up("--memory", "512m")
    assert done.returncode == 2
    assert "from 1g to 16384g" in done.stderr


def test_a_spec_that_is_not_there(idle):
    done = idle.cluster("run", "nowhere.yml")
    assert done.returncode == 3
    assert "nowhere.yml: No such file" in done.stderr and "Traceback" not in done.stderr


def test_too_little_memory(idle):
    said = refused(idle, "memory: ", "--memory", "4096g")
    assert "--memory" in said


def test_a_jar_that_is_missing(idle):
    refused(idle, "jar: ", "--jar", "nowhere.jar")


def test_a_full_disk(idle):
    small = idle.folder / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        done = idle.up("--folder", small)
        assert done.returncode == 1
        assert "disk: 8 MB free" in done.stderr or "disk: 7 MB free" in done.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_verbs_without_a_cluster(idle):
    assert idle.cluster("ps").returncode == 3
    assert idle.cluster("start").returncode == 3
    assert idle.cluster("stop").returncode == 0
    assert idle.cluster("run", "--", "true").returncode == 3


def test_clean_asks_before_it_deletes_tables(idle):
    table = idle.folder / "spark-warehouse/t"
    table.mkdir(parents=True)
    done = idle.cluster("clean", stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "FORCE=1" in done.stderr
    assert table.exists()
    assert idle.cluster("clean", env={"FORCE": "1"}).returncode == 0
    assert not table.parent.exists()
