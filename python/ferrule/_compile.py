"""Kernels from source: built once for each content, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import pathlib
import shlex
import subprocess
import tempfile

from ferrule import _library
from ferrule._errors import Error

# -ffp-contract=off: a fused multiply-add rounds once where Spark's expressions round twice
FLAGS = ("-O3", "-g", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-Wall", "-Wextra")
CXX_SUFFIXES = (".cc", ".cpp", ".cxx", ".C")


def _command(path: str | None, flags: tuple[str, ...], compiler: str | None) -> list[str]:
    cxx = path is not None and path.endswith(CXX_SUFFIXES)
    chosen = compiler or os.environ.get("CXX" if cxx else "CC") or ("c++" if cxx else "cc")
    standard = "-std=gnu++17" if cxx else "-std=gnu17"
    include = f"-I{_library.include_dir()}"
    return [*shlex.split(chosen), standard, *FLAGS, include, *flags]


def _run(command: list[str], text: bytes | None) -> bytes:
    try:
        done = subprocess.run(command, input=text, capture_output=True)
    except FileNotFoundError:
        raise Error(
            f"no compiler {command[0]!r}: install one, or name it with compiler= or CC",
            "FRL_E_NOT_FOUND",
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").rstrip()
        raise Error(f"the kernel does not compile: {shlex.join(command)}\n{said}")
    return done.stdout


def compile(  # noqa: A001
    source: str | os.PathLike[str], *, flags: tuple[str, ...], compiler: str | None
) -> pathlib.Path:
    """The library built from a text of several lines, or from a file."""
    is_text = isinstance(source, str) and "\n" in source
    path = None if is_text else os.fspath(source)
    if path is not None and not os.path.isfile(path):
        raise Error(
            f"no file {path}: compile takes a file or a text of several lines", "FRL_E_NOT_FOUND"
        )
    text = source.encode() if is_text else None
    what = ["-x", "c", "-"] if is_text else [path]
    command = _command(path, flags, compiler)
    # what the preprocessor gives is all that counts: every header is in it
    content = _run([*command, "-E", "-P", *what], text)
    version = _run([command[0], "--version"], None)
    key = hashlib.sha256(b"\0".join([content, version, shlex.join(command).encode()])).hexdigest()
    stem = "kernel" if path is None else pathlib.Path(path).stem
    library = _library.cache_dir() / key[:2] / key[2:] / f"{stem}.so"
    if not library.exists():
        _build(command, what, text, library)
    return library


def _build(command: list[str], what: list[str], text: bytes | None, library: pathlib.Path) -> None:
    library.parent.mkdir(parents=True, exist_ok=True)
    # renamed when it is whole: others may be building the same
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        made = pathlib.Path(folder, library.name)
        _run([*command, "-shared", *what, "-o", str(made), "-lm"], text)
        os.replace(made, library)
