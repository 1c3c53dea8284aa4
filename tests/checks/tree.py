"""The project's files as the checks see them."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


@functools.lru_cache
def files():
    """Paths, relative to the root, that git knows and that exist."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [f for f in listing.split("\0") if f and (ROOT / f).is_file()]


def c_files():
    return [f for f in files() if f.endswith((".c", ".h"))]


@functools.lru_cache
def text(path):
    """A file's text; empty where it is not text."""
    data = (ROOT / path).read_bytes()
    return "" if b"\0" in data[:8192] else data.decode("utf-8", errors="replace")


_NOT_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def blank(source):
    """C without its comments and literals, each line where it was."""

    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return _NOT_CODE.sub(spaces, source)


def c_functions(source):
    """Yields (name, first line, number of lines) of the functions of C source text.

    Relies on the formatter: a body ends with the first brace in column 0.
    """
    lines = blank(source).split("\n")
    start = name = None
    for at, line in enumerate(lines):
        if start is not None:
            if line.startswith("}"):
                yield name, start + 1, at - start + 1
                start = None
        elif (
            line.endswith("{")
            and not line.startswith((" ", "}", "#"))
            or (line.endswith(") {") and line.startswith(" "))
        ):
            first = at
            while first > 0 and lines[first].startswith(" "):
                first -= 1
            head = "\n".join(lines[first : at + 1])
            called = re.search(r"(\w+)\s*\(", head)
            if called and "=" not in head.split("(")[0]:
                start, name = first, called.group(1)
