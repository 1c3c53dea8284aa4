"""ENGINE=docker|podman: what the make targets ask of an engine, and what they say without one."""

import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import ROOT

# stands for an engine: notes what it is asked, answers as a container that runs
FAKE = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$1" in
  info) exit ${INFO_CODE:-0} ;;
  ps) echo ${CONTAINER-c0ffee} ;;
esac
"""


@pytest.fixture
def engine(tmp_path):
    """Runs a verb with only this engine in PATH; gives the process and what was asked."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "env", "tail", "head", "sleep", "sh"):
        (tools / name).symlink_to(shutil.which(name))
    asked = tmp_path / "asked"

    def run(name, verb, *words, installed=True, **more):
        if installed:
            (tools / name).write_text(FAKE)
            (tools / name).chmod(0o755)
        asked.write_text("")
        kept = {k: v for k, v in os.environ.items() if k not in ("FORCE", "ENGINE")}
        env = {**kept, "PATH": str(tools), "ASKED": str(asked), "ENGINE": name, **more}
        done = subprocess.run(
            [ROOT / "scripts/cluster.sh", verb, *words],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done, asked.read_text().splitlines()

    return run


def test_an_engine_that_is_not_there_is_named(engine):
    done, _ = engine("podman", "up", installed=False)
    assert done.returncode == 1
    assert "there is no podman here" in done.stderr
    assert "needs no container engine" in done.stderr


def test_another_word_is_no_engine(engine):
    done, asked = engine("lxc", "up")
    assert done.returncode == 1 and asked == []
    assert "docker or podman" in done.stderr


def test_a_daemon_that_does_not_answer_is_told(engine):
    done, _ = engine("docker", "up", INFO_CODE="1")
    assert done.returncode == 1
    assert "ENGINE=docker: it does not work" in done.stderr


def test_up_builds_starts_and_waits(engine):
    done, asked = engine("podman", "up", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "compose --project-name ferrule up --build --detach" in asked
    assert "exec c0ffee build/release/ferrule cluster ps --folder /data" in asked


def test_the_verbs_reach_the_command_in_the_container(engine):
    for verb in ("ps", "logs", "doctor"):
        done, asked = engine("docker", verb, "--json")
        assert done.returncode == 0, done.stderr
        assert (
            asked[-1] == f"exec c0ffee build/release/ferrule cluster {verb} --folder /data --json"
        )
    _, asked = engine("docker", "stop")
    assert asked[-1] == "compose --project-name ferrule stop"


def test_without_a_container_the_remedy_is_up(engine):
    done, _ = engine("docker", "ps", CONTAINER="")
    assert done.returncode == 1
    assert "make up ENGINE=docker" in done.stderr


def test_clean_asks_before_it_deletes_tables(engine):
    done, asked = engine("docker", "clean")
    assert done.returncode == 1 and "FORCE=1" in done.stderr
    assert not any("down" in line for line in asked)
    done, asked = engine("docker", "clean", FORCE="1")
    assert done.returncode == 0, done.stderr
    assert asked[-2:] == [
        "compose --project-name ferrule down --volumes",
        "image rm --force ferrule-cluster",
    ]


def test_the_recipe_takes_the_files_that_there_are():
    recipe = (ROOT / "cluster/container/Containerfile").read_text()
    copied = [line.split()[1:-1] for line in recipe.splitlines() if line.startswith("COPY ")]
    assert copied
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    for path in kept | {name for names in copied for name in names}:
        assert (ROOT / path).exists(), path
    assert pathlib.Path(ROOT / "scripts/container-run.sh").stat().st_mode & 0o111
