"""The programs of the benchmarks: how each is built, and where it then is."""

import functools
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench"


def _run(*command, cwd=ROOT):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"bench: {' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}"
        )
    return done.stdout.strip()


@functools.cache
def release():
    """The folder of preset release, with its bench programs built."""
    _run("scripts/build.sh", "release")
    _run("cmake", "--build", "--preset", "release", "--target", "bench")
    return ROOT / "build" / "release"


def ours(name):
    return [str(release() / "bench" / name)]


def command():
    return str(release() / "ferrule")


def python_env(name):
    return _run("scripts/python-env.sh", name) + "/bin/python"


def python_peer():
    return [python_env("test"), str(ROOT / "bench/peers/python/peer.py")]


@functools.cache
def go_peer():
    go = Path(_run("scripts/python-env.sh", "go")) / "bin" / "go"
    tool = str(go) if go.exists() else shutil.which("go")
    if not tool:
        raise SystemExit("bench: no go; scripts/setup.sh test installs it")
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / "go-peer"
    _run(tool, "build", "-o", str(target), ".", cwd=ROOT / "bench/peers/go")
    return [str(target)]


@functools.cache
def maven_libraries(folder):
    """Packages a Maven project; the folder of the jars it depends on."""
    _run("mvn", "-q", "-B", "package", cwd=ROOT / folder)
    return ROOT / folder / "target" / "lib"


def java_peer():
    libraries = maven_libraries("bench/peers/java")
    return ["java", "-cp", f"{libraries.parent}/classes:{libraries}/*", "org.ferrule.bench.Peer"]


def spark_jars(folder):
    """The jars of a peer for Spark, comma-separated."""
    libraries = maven_libraries(folder)
    return ",".join(map(str, [*libraries.glob("*.jar"), *libraries.parent.glob("*.jar")]))


@functools.cache
def our_jar():
    _run("make", "jar")
    jars = [j for j in (ROOT / "jvm/target").glob("ferrule-spark-*.jar") if "tests" not in j.name]
    return str(jars[0])


@functools.cache
def kernel(name):
    """The library of an example kernel, compiled as docs/KERNELS.md advises."""
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / f"lib{name}.so"
    flags = ["-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off"]
    _run("cc", *flags, f"-I{ROOT}/include", f"examples/kernels/{name}.c", "-o", str(target), "-lm")
    return str(target)
