import pytest
from support import arrow_library


@pytest.fixture(scope="session")
def ferrule():
    return arrow_library.load()
