"""What the wheel holds, and what its native half needs and shows."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

import ferrule
import pytest

ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))
NATIVE = pathlib.Path(ferrule._native.__file__)
C_LIBRARY = re.compile(r"^(linux-vdso|ld-linux[\w-]*|lib(c|m|dl|rt|pthread|resolv))\.so(\.\d+)?$")


def own_cache():
    """With the user's cache, for what builds take from it: that of the tests is empty."""
    return {k: v for k, v in os.environ.items() if k != "FERRULE_CACHE"}


def output(*command, **how):
    return subprocess.run(command, check=True, capture_output=True, text=True, **how).stdout


@pytest.fixture
def names():
    (wheel,) = (ROOT / "build/wheel").glob("ferrule-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        yield archive.namelist()


def test_it_needs_only_the_c_library():
    needed = [pathlib.Path(line.split()[0]).name for line in output("ldd", NATIVE).splitlines()]
    assert needed and all(C_LIBRARY.match(name) for name in needed), needed


def test_it_runs_on_the_c_library_that_its_tag_says():
    versions = set(re.findall(r"@GLIBC_([\d.]+)", output("nm", "-D", NATIVE)))
    assert max(tuple(map(int, v.split("."))) for v in versions) <= (2, 34)


def test_it_shows_its_entry_only():
    shown = output("nm", "-D", "--defined-only", NATIVE).splitlines()
    assert {line.split()[-1].split("@")[0] for line in shown if " A " not in line} == {
        "PyInit__native"
    }


def test_it_is_for_every_later_python(names):
    assert NATIVE.name == "_native.abi3.so"
    (tags,) = [name for name in names if name.endswith(".dist-info/WHEEL")]
    (wheel,) = (ROOT / "build/wheel").glob("ferrule-*.whl")
    assert re.search(r"-cp311-abi3-manylinux_2_34_\w+\.whl$", wheel.name), tags


def test_licences_types_and_headers_are_in_it(names):
    for part in (
        r"dist-info/licenses/LICENSE$",
        r"dist-info/licenses/NOTICE$",
        r"licenses/third-party/zstd\.txt$",
        r"licenses/third-party/yyjson\.txt$",
        r"^ferrule/py\.typed$",
        r"^ferrule/_native\.pyi$",
        r"^ferrule/include/ferrule/kernel\.h$",
        r"^ferrule/include/ferrule/kernel_abi\.h$",
    ):
        assert any(re.search(part, name) for name in names), part
    assert not any(re.search(r"kernel_host|/batch\.h|\.c$|tests?/", name) for name in names)


def test_its_version_is_the_project_s():
    assert ferrule.__version__ == (ROOT / "VERSION").read_text().strip()


def test_the_stubs_name_what_there_is():
    stub = pathlib.Path(NATIVE).with_name("_native.pyi").read_text()
    for name in ("Schema", "Batch", "Kernel", "Run"):
        kind = getattr(ferrule._native, name)
        body = re.split(r"\n(?=\S)", stub.split(f"class {name}:")[1])[0]
        said = set(re.findall(r"def (\w+)", body))
        there = {n for n, v in vars(kind).items() if not n.startswith("_") or "arrow" in n}
        assert there == {n for n in said if not n.startswith("__") or "arrow" in n}, name


KERNEL = """#include <ferrule/kernel.h>
#define ROW(X) X(BIGINT, n)
FRL_ROW(row, ROW)
static int add(const row *in, row *out, frl_kernel_error *error) {
  (void)error;
  *out = *in;
  out->n = in->n + 1;
  return 0;
}
FRL_MAP_KERNEL(add_one, row, row, add, "Adds one.")
FRL_KERNELS(&add_one_kernel)
"""
PROGRAM = f"""
import ferrule, importlib.metadata, pyarrow
print(ferrule.__file__)
print(importlib.metadata.metadata("ferrule")["License-Expression"],
      sum(f.name in ("LICENSE", "NOTICE") for f in importlib.metadata.files("ferrule")))
k = ferrule.kernel.compile({KERNEL!r})
print(k.ddl, [pyarrow.record_batch(b)["n"].to_pylist()
              for b in k.batches([pyarrow.record_batch({{"n": [1, None]}})])])
"""


@pytest.fixture
def checkout(tmp_path):
    """The files that git knows, as a user's clone has them."""
    archive, folder = tmp_path / "head.tar", tmp_path / "checkout"
    output("git", "archive", "-o", archive, "HEAD", cwd=ROOT)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def fresh_environment(folder):
    output(sys.executable, "-m", "venv", folder)
    return folder / "bin/python"


def runs_a_kernel(python, tmp_path):
    """Outside of the checkout, with nothing on its path but what was installed."""
    pyarrow = importlib.metadata.version("pyarrow")
    output(python, "-m", "pip", "install", "--quiet", f"pyarrow=={pyarrow}")
    outside = tmp_path / "outside"
    outside.mkdir()
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    env["FERRULE_CACHE"] = str(outside / "cache")
    program = outside / "program.py"
    program.write_text(PROGRAM)
    place, licence, said = output(python, program, cwd=outside, env=env).splitlines()
    assert pathlib.Path(place).is_relative_to(python.parents[1])
    assert said == "`n` BIGINT [[2, None]]"
    assert licence == "Apache-2.0 2"


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_pip_installs_the_checkout(checkout, tmp_path):
    python = fresh_environment(tmp_path / "environment")
    output(python, "-m", "pip", "install", ".", cwd=checkout, env=own_cache())
    runs_a_kernel(python, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_uv_installs_what_a_source_package_holds(checkout, tmp_path):
    made = output("scripts/python-env.sh", "tools", cwd=checkout, env=own_cache())
    tools = pathlib.Path(made.strip())
    index = subprocess.run(
        [tools / "bin/python", "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    env = {**own_cache(), "UV_NATIVE_TLS": "1"}
    if index:  # uv does not read pip's configuration
        env.setdefault("UV_DEFAULT_INDEX", index)
    uv = tools / "bin/uv"
    output(uv, "build", "--sdist", "--out-dir", tmp_path, cwd=checkout, env=env)
    (package,) = tmp_path.glob("ferrule-*.tar.gz")
    with tarfile.open(package) as tar:
        held = {name.partition("/")[2] for name in tar.getnames()}
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert {"LICENSE", "NOTICE", "PKG-INFO", "pyproject.toml", "VERSION"} <= held
    assert {"src/kernel/run.c", "python/src/module.c", "scripts/deps.sh"} <= held
    assert not any(re.search(r"\.(so|jar|o|a|pyc)$|^build/", name) for name in held)
    python = fresh_environment(tmp_path / "environment")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    output(uv, "pip", "install", "--python", python, ".", cwd=unpacked, env=env)
    runs_a_kernel(python, tmp_path)
