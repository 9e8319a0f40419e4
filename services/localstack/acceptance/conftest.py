"""One LocalStack for all tests of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from localstack_container import LocalStack, running_localstack


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with running_localstack(tmp_path_factory.mktemp("engine")) as localstack:
        yield localstack
