"""The `ferrule` command, and an emulator of its own for each module."""

import pytest
from ferrule_command import Service, run_ferrule


@pytest.fixture
def ferrule():
    return run_ferrule


@pytest.fixture(scope="module")
def service():
    started = Service("--max-bytes", "6g")
    yield started
    started.end()
