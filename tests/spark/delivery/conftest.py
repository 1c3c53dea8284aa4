"""One Spark cluster for many tests, and a stream of numbered messages for each."""

import contextlib
import uuid

import pytest
from rig import Driver, DriverError, Stream


class Shared:
    """A driver that the next test finds alive, whatever this one did to it."""

    def __init__(self, make):
        self.make = make
        self.driver = None

    def get(self):
        if self.driver is None or not self.driver.is_alive:
            self.close()
            self.driver = self.make()
        return self.driver

    def quiet(self):
        """Ends what a test left running."""
        with contextlib.suppress(DriverError):
            if self.driver.is_alive:
                self.driver.ask("stop_all")

    def close(self):
        if self.driver:
            self.driver.close()


@pytest.fixture(scope="session")
def drivers(tmp_path_factory):
    """Makes drivers, each in a folder of its own, and ends them."""
    with contextlib.ExitStack() as stack:

        def make(**settings):
            driver = Driver(tmp_path_factory.mktemp("driver"), **settings)
            stack.callback(driver.close)
            return driver

        yield make


@pytest.fixture(scope="session")
def shared_cluster(drivers):
    return Shared(drivers)


@pytest.fixture
def cluster(shared_cluster):
    """Two executors with one task slot each."""
    yield shared_cluster.get()
    shared_cluster.quiet()


@pytest.fixture(scope="session")
def shared_hosts(drivers):
    return Shared(
        lambda: drivers(
            hosts=["127.0.0.1", "127.0.0.2"],
            spark_excludeOnFailure_enabled="true",
            spark_excludeOnFailure_application_enabled="false",
            spark_speculation="true",
            spark_speculation_quantile="0.3",
            spark_speculation_minTaskRuntime="2s",
        )
    )


@pytest.fixture
def two_hosts(shared_hosts):
    """Executors on hosts of their own: Spark never speculates on the same host."""
    yield shared_hosts.get()
    shared_hosts.quiet()


@pytest.fixture
def streams(emulator, tmp_path):
    """Makes subscriptions."""
    with contextlib.ExitStack() as stack:

        def make(server=emulator, **settings):
            stream = Stream(server, tmp_path, f"s{uuid.uuid4().hex[:12]}", **settings)
            stack.callback(stream.close)
            stack.callback(stream.end_faults)
            return stream

        yield make


@pytest.fixture
def stream(streams):
    """200,000 messages, each its number."""
    made = streams()
    made.publish_numbers()
    return made
