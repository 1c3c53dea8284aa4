"""Compiling kernels and running them by the command."""

import os
import pathlib
import subprocess

import pyarrow as pa
from ferrule_command import ROOT, run_ferrule

SHARED = ["-shared", "-fPIC", f"-I{ROOT}/include", "-ffp-contract=off"]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
C = (os.environ.get("CC", "cc"), "-std=c11")
CXX = (os.environ.get("CXX", "c++"), "-std=c++11", "-xc++")


def compile_kernel(source, library, *flags, compiler=C):
    """The compiler's end, whatever it is."""
    return subprocess.run(
        [*compiler, *SHARED, *flags, str(source), "-o", str(library), "-lm"],
        capture_output=True,
        text=True,
        timeout=300,
    )


def built(source, folder, *flags, compiler=C):
    """The library that a source must become."""
    library = pathlib.Path(folder) / f"lib{pathlib.Path(source).stem}.so"
    done = compile_kernel(source, library, *flags, compiler=compiler)
    assert done.returncode == 0, done.stderr
    return library


def write(path, table, rows=None):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return path


def run_kernel(library, name, table, folder, *options, rows=None):
    """The output table; a failure is an AssertionError with the command's message."""
    source = write(folder / "in.arrows", table, rows)
    done = run_ferrule("kernel", "run", library, name, source, folder / "out.arrows", *options)
    assert done.returncode == 0, done.stderr.decode()
    with pa.ipc.open_stream(folder / "out.arrows") as reader:
        return reader.read_all()


def failure(library, name, table, folder, *options, rows=None):
    """Exit code and message of a run that must fail, without output."""
    source = write(folder / "in.arrows", table, rows)
    target = folder / "none.arrows"
    done = run_ferrule("kernel", "run", library, name, source, target, *options)
    assert done.returncode != 0 and not target.exists()
    return done.returncode, done.stderr.decode()
