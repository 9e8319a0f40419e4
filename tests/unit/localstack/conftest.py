"""Fixtures of the plugin's unit tests: nothing of LocalStack is needed for what they test."""

from __future__ import annotations

import pytest
from localstack_harness import Pool


@pytest.fixture(scope="session")
def pool() -> Pool:
    return Pool()
