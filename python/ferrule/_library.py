"""Kernel libraries as files: what they hold, how a worker finds them again."""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import sys
from typing import NamedTuple

from ferrule._errors import Error


class Told(NamedTuple):
    """What a process is told of a library that it has to find."""

    file_name: str  # under which Spark ships it
    sha256: str
    path: str  # where it lies on the machine that tells


class Library(NamedTuple):
    path: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Names its content: two builds of a library can be shipped side by side."""
        stem, suffix = os.path.splitext(os.path.basename(self.path))
        return f"{stem.removesuffix('-' + self.sha256[:16])}-{self.sha256[:16]}{suffix}"

    def told(self) -> Told:
        return Told(self.file_name, self.sha256, self.path)


_found: dict[str, Library] = {}  # by checksum, what this process has found so far


def digest(path: str | os.PathLike[str]) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def opened(path: str | os.PathLike[str]) -> Library:
    absolute = os.path.abspath(path)
    if not os.path.isfile(absolute):
        raise Error(f"no kernel library at {absolute}", "FRL_E_NOT_FOUND")
    return Library(absolute, digest(absolute))


def _shipped(file_name: str) -> str | None:
    """Where Spark put a file that was shipped, in a worker of it."""
    files = sys.modules.get("pyspark.files") or sys.modules.get("pyspark.core.files")
    if files is None or not files.SparkFiles._is_running_on_worker:
        return None
    return files.SparkFiles.get(file_name)


def _own_copy(path: str) -> str:
    """A copy in memory: Spark may write its file again while it is loaded."""
    file = os.memfd_create(os.path.basename(path))  # open as long as the process lives
    own = f"/proc/self/fd/{file}"
    shutil.copyfile(path, own)
    return own


def found(told: Told) -> Library:
    """The library, by its checksum: shipped by Spark, or where it was on the driver."""
    if told.sha256 in _found:
        return _found[told.sha256]
    said = []
    shipped = _shipped(told.file_name)
    for path in (shipped, told.path):
        if path is None:
            continue
        if not os.path.isfile(path):
            said.append(f"{path} does not exist")
            continue
        own = _own_copy(path) if path is shipped else path
        if digest(own) == told.sha256:
            return _found.setdefault(told.sha256, Library(own, told.sha256))
        said.append(f"{path} is another build of it")
    raise Error(
        f"the kernel library {os.path.basename(told.path)} is not on this machine "
        f"({'; '.join(said)}): k.ship(spark) sends it to the executors",
        "FRL_E_NOT_FOUND",
    )


def include_dir() -> str:
    return str(pathlib.Path(__file__).with_name("include"))


def cache_dir() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return (
        pathlib.Path(os.environ.get("FERRULE_CACHE") or pathlib.Path(base, "ferrule")) / "kernels"
    )
