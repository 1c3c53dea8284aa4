"""Spark with the jar, and an emulator with topics of its own for each test."""

import contextlib
import os
import pathlib
import uuid

import pytest
from emulator import Emulator, Subscription

os.environ.pop("PUBSUB_EMULATOR_HOST", None)


def jar():
    path = os.environ.get("FERRULE_JAR")
    assert path and pathlib.Path(path).is_file(), "FERRULE_JAR names no jar (make jar)"
    return path


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .appName("ferrule-tests")
        .config("spark.jars", jar())
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder}")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def subscription(emulator):
    with contextlib.closing(Subscription(emulator, f"s{uuid.uuid4().hex[:12]}")) as made:
        yield made


@pytest.fixture
def start(tmp_path):
    """Starts queries, with a checkpoint of the test's own; ends them with the test."""
    queries = []

    def begin(writer, **options):
        writer = writer.option("checkpointLocation", str(tmp_path / "checkpoint"))
        for name, value in options.items():
            writer = writer.option(name, value)
        query = writer.start()
        queries.append(query)
        return query

    yield begin
    for query in queries:
        query.stop()
