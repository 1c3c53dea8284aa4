"""What compilers, formatters and linters say."""

import os
import subprocess
import sys
import tempfile

import tree

CLANG_FORMAT = "clang-format-14"
RUFF = os.path.join(os.path.dirname(sys.executable), "ruff")


def run(*command):
    """A command's output where it failed, else None."""
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def check_format():
    """clang-format would change nothing"""
    if not tree.c_files():
        return
    said = run(CLANG_FORMAT, "--dry-run", "-Werror", *tree.c_files()) or ""
    for path in sorted({line.split(":")[0] for line in said.split("\n") if "error:" in line}):
        yield f"{path}: run make format"


def compiles_alone(header, version_dir):
    for compiler, suffix, standard in (("cc", "c", "c17"), ("c++", "cc", "c++17")):
        with tempfile.NamedTemporaryFile("w", suffix=f".{suffix}") as source:
            source.write(f"#include <{header}>\n#include <{header}>\nint main(void);\n")
            source.flush()
            said = run(
                compiler, f"-std={standard}", "-pedantic-errors", "-Wall", "-Wextra",
                "-Werror", "-fsyntax-only", "-Iinclude", f"-I{version_dir}", source.name,
            )  # fmt: skip
        if said:
            yield f"include/{header} does not compile alone as {standard}:\n{said}"


def check_headers_alone():
    """each public header compiles alone, twice over, as strict C17 and as C++17"""
    version_dir = os.path.join(os.environ.get("FERRULE_BUILD", "build/dev"), "include")
    headers = [f.removeprefix("include/") for f in tree.files() if f.startswith("include/")]
    for header in headers:
        yield from compiles_alone(header, version_dir)


def check_c_linkage():
    """each public header that declares functions says extern "C" to C++"""
    for path in tree.c_files():
        text = tree.text(path)
        if path.startswith("include/") and "\nFRL_API" in text and 'extern "C"' not in text:
            yield f'{path}: no extern "C"'


def scripts(interpreter, suffix):
    """The files that interpreter runs: by their suffix or by their first line."""
    for path in tree.files():
        first = tree.text(path).split("\n", 1)[0]
        if path.endswith(suffix) or (first.startswith("#!") and first.endswith(interpreter)):
            yield path


def check_shell():
    """shellcheck finds nothing in the scripts"""
    yield from (run("shellcheck", "-x", "-f", "gcc", *scripts("bash", ".sh")) or "").splitlines()


def check_python():
    """ruff finds nothing in the Python files and would change no format of any file"""
    files = list(scripts("python3", ".py"))
    yield from (run(RUFF, "check", "--quiet", "--output-format=concise", *files) or "").splitlines()
    # without names, as make format calls it
    for line in (run(RUFF, "format", "--diff") or "").splitlines():
        if line.startswith("--- "):
            yield f"{line[4:]}: run make format"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
