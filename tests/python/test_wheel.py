"""What the wheel holds, and what its native half needs and shows."""

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


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_pip_installs_the_checkout(tmp_path):
    """From the files that git knows, as a user's clone has them."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    archive = tmp_path / "head.tar"
    output("git", "archive", "-o", archive, "HEAD", cwd=ROOT)
    with tarfile.open(archive) as tar:
        tar.extractall(checkout, filter="data")
    tools = output("scripts/python-env.sh", "tools", cwd=checkout).strip()
    target = tmp_path / "site"
    output(f"{tools}/bin/python", "-m", "pip", "install", "--no-deps", "--target", target, ".",
        cwd=checkout)  # fmt: skip
    program = "import ferrule; print(ferrule.Schema.from_ddl('a INT').ddl)"
    said = output(sys.executable, "-c", program, env={**os.environ, "PYTHONPATH": str(target)})
    assert said == "`a` INT\n"
