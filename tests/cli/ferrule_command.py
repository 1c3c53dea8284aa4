"""The command that the tests run."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))
COMMAND = os.environ.get("FERRULE_COMMAND") or str(ROOT / "build/dev/ferrule")


def run_ferrule(*arguments, **more):
    """Runs it to its end; exit code, output and errors are the caller's to judge."""
    environment = {k: v for k, v in os.environ.items() if k != "PUBSUB_EMULATOR_HOST"}
    environment.update(more.pop("env", {}))
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        env=environment,
        timeout=more.pop("timeout", 60),
        **more,
    )
