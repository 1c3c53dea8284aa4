"""The kernels that the tests run, a Spark that they share, and what must be left: nothing."""

import gc
import os
import pathlib

import ferrule
import pytest

KERNELS = pathlib.Path(__file__).with_name("kernels")
FLAGS = ["-O1", *os.environ.get("FERRULE_TEST_CFLAGS", "").split()]  # sanitizers


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(tmp_path_factory):
    """Kernels are built anew, and not into the user's cache."""
    before = os.environ.get("FERRULE_CACHE")
    os.environ["FERRULE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["FERRULE_CACHE"]
    else:
        os.environ["FERRULE_CACHE"] = before


@pytest.fixture(scope="session")
def several(kernel_cache):
    """The path of a library of small kernels."""
    return ferrule.kernel.compile(KERNELS / "several.c", "twice", flags=FLAGS).path


@pytest.fixture(scope="session")
def every_type(kernel_cache):
    return ferrule.kernel.compile(KERNELS / "every_type.c", flags=FLAGS)


def held():
    """What native objects live, but for the kernels that fixtures keep."""
    gc.collect()
    return {kind: n for kind, n in ferrule.live().items() if kind not in ("libs", "kernels")}


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = held()
    yield
    assert held() == before


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_at_the_end():
    yield
    assert not any(held().values())


@pytest.fixture(scope="session")
def jar():
    path = os.environ.get("FERRULE_JAR")
    assert path and pathlib.Path(path).is_file(), "FERRULE_JAR names no jar (make jar)"
    return path


@pytest.fixture(scope="session")
def spark(tmp_path_factory, jar):
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .appName("ferrule-python-tests")
        .config("spark.jars", jar)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.timeType.enabled", "true")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder}")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
