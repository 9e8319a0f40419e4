from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import running_engine

from bootstrap.platform import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An embedded engine of this worker's own."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield Engine("us-east-1", url, "test", "test")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder that the commands use: dependencies are fetched once, not once per test."""
    return Path(__file__).resolve().parents[3] / "build"
