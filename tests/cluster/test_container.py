"""ENGINE=docker|podman: what the make targets ask of an engine, and what they say without one."""

import os
import pathlib
import shutil
import subprocess

import pytest
import yaml
from conftest import ROOT

# stands for an engine: notes what it is asked, answers as a container that runs
FAKE = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$1" in
  info) exit ${INFO_CODE:-0} ;;
  ps) echo $RUNS ;;
  container) [ -n "$EXISTS" ] || exit 1; echo $EXISTS ;;
  image) echo new ;;
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


BUILD = "build --tag ferrule-cluster --file cluster/container/Containerfile"
READY = "exec ferrule-spark build/release/ferrule cluster ps --folder /data"


def test_up_builds_starts_and_waits(engine):
    done, asked = engine("podman", "up", "--workers", "2", RUNS="c0ffee")
    assert done.returncode == 0, done.stderr
    assert asked[1] == f"{BUILD} --build-arg BASE=debian:12 ."
    (made,) = [line for line in asked if line.startswith("run ")]
    assert "--network host" in made and made.endswith(" ferrule-cluster")
    assert "--env FERRULE_UP=--workers 2 --volume ferrule-data:/data" in made
    assert asked[-1] == READY


def test_up_takes_the_container_of_the_same_image_and_replaces_an_older_one(engine):
    done, asked = engine("docker", "up", EXISTS="new", RUNS="c0ffee")
    assert done.returncode == 0, done.stderr
    assert not any(line.startswith(("run ", "start ", "rm ")) for line in asked)
    done, asked = engine("docker", "up", EXISTS="old", RUNS="c0ffee")
    assert done.returncode == 0, done.stderr
    removed = asked.index("rm ferrule-spark")
    assert asked[removed - 1] == "stop --time 60 ferrule-spark"
    assert asked[removed + 1].startswith("run --detach --name ferrule-spark")


def test_the_verbs_reach_the_command_in_the_container(engine):
    for verb in ("ps", "logs", "doctor"):
        done, asked = engine("docker", verb, "--json", RUNS="c0ffee")
        assert done.returncode == 0, done.stderr
        assert asked[-1] == (
            f"exec ferrule-spark build/release/ferrule cluster {verb} --folder /data --json"
        )
    _, asked = engine("docker", "stop", RUNS="c0ffee")
    assert asked[-1] == "stop --time 60 ferrule-spark"
    done, asked = engine("docker", "stop")
    assert done.returncode == 0 and not any(line.startswith("stop") for line in asked)
    _, asked = engine("docker", "start", EXISTS="new", RUNS="c0ffee")
    assert asked[-2:] == ["start ferrule-spark", READY] or asked[-1] == READY


def test_the_words_of_a_script_are_not_options_of_up(engine):
    done, asked = engine("podman", "run", "script.py", "word", RUNS="abc", EXISTS="new")
    assert done.returncode == 0, done.stderr
    assert not [line for line in asked if line.startswith("run ")]  # the one that is there
    assert asked[-1].endswith("scripts/run.sh script.py word")


def test_without_a_container_the_remedy_is_up(engine):
    for verb in ("ps", "start"):
        done, _ = engine("docker", verb)
        assert done.returncode == 1
        assert "make up ENGINE=docker" in done.stderr


def test_clean_asks_before_it_deletes_tables(engine):
    done, asked = engine("docker", "clean", EXISTS="new")
    assert done.returncode == 1 and "FORCE=1" in done.stderr
    assert not any(line.startswith(("rm", "volume")) for line in asked)
    done, asked = engine("docker", "clean", EXISTS="new", FORCE="1")
    assert done.returncode == 0, done.stderr
    assert asked[-3:] == [
        "rm --force ferrule-spark",
        "volume rm --force ferrule-data",
        "image rm --force ferrule-cluster",
    ]


def test_compose_makes_the_same_container(engine):
    spec = yaml.safe_load((ROOT / "compose.yaml").read_text())
    (service,) = spec["services"].values()
    _, asked = engine("docker", "up", RUNS="c0ffee")
    made = next(line for line in asked if line.startswith("run ")).split()
    assert service["container_name"] == made[made.index("--name") + 1]
    assert service["network_mode"] == made[made.index("--network") + 1]
    assert service["image"] == made[-1]
    volumes = [made[i + 1] for i, word in enumerate(made) if word == "--volume"]
    names = {"data": spec["volumes"]["data"]["name"]}
    wanted = [v.split(":", 1) for v in service["volumes"]]
    wanted = [f"{names.get(a, a.replace('./', f'{ROOT}/'))}:{b}" for a, b in wanted]
    assert volumes == wanted


def test_the_recipe_takes_the_files_that_there_are():
    recipe = (ROOT / "cluster/container/Containerfile").read_text()
    copied = [line.split()[1:-1] for line in recipe.splitlines() if line.startswith("COPY ")]
    assert copied
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    for path in kept | {name for names in copied for name in names}:
        assert (ROOT / path).exists(), path
    assert pathlib.Path(ROOT / "scripts/container-run.sh").stat().st_mode & 0o111
