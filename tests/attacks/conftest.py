from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.conftest import clip, new_person, platform, stack, stack_folder, store
from integration.people import Person
from integration.shared_stack import ENGINE
from integration.store import Store

from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Platform

from .other_owners import check_untouched
from .scene import Scene

__all__ = ["clip", "new_person", "platform", "stack", "stack_folder", "store"]

POOL_KEYS = Path("engine", "cognito-pool-keys")


@pytest.fixture(scope="session")
def scene(
    stack: Outputs,
    stack_folder: Path,
    platform: Platform,
    store: Store,
    new_person: Callable[[], Person],
    clip: Callable[[str], Path],
) -> Iterator[Scene]:
    if ENGINE != "embedded" and "SSTECH_OUTPUTS" not in os.environ:
        pytest.skip("the attacks forge with the embedded engine's own keys")
    scene = Scene(stack, platform, store, new_person, clip, stack_folder / POOL_KEYS)
    with scene.cleaning_up():
        yield scene
        # Whatever the attacks were answered, nothing may have happened.
        check_untouched(scene)
