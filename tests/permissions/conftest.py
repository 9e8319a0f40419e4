from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine import running_engine

from bootstrap.platform import Engine

from .proof import Proof
from .world import ROOT, World, deployed


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The template on an engine of this worker's own."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        engine = Engine("us-east-1", url, "test", "test")
        with deployed(engine, ROOT / "build") as world:
            yield world


@pytest.fixture(scope="session")
def proof(world: World) -> Proof:
    """What all flows need, gathered with every permission in place."""
    return Proof.gather(world)
