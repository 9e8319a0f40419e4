"""Fixtures that drive the whole platform from outside.

All tests of a run share one stack, each person in it is new, and no test looks at another's people.
`SSTECH_OUTPUTS` names the `outputs.json` of a running stack to use in place of a fresh one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack import clips
from devstack.contract import aws_clients
from devstack.contract.client import Library, Platform, new_password
from devstack.contract.inbox import read_inbox
from devstack.contract.invited import InvitedPlatform

from .people import Person, new_email
from .shared_stack import SharedStack, read_outputs
from .store import Store

OUTPUTS_VARIABLE = "SSTECH_OUTPUTS"


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The running stack's state folder, `outputs.json` in it."""
    if path := os.environ.get(OUTPUTS_VARIABLE):
        return Path(path).parent
    base = tmp_path_factory.getbasetemp()
    # Each worker has its own folder below the one that the run shares.
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stack" / "state"


@pytest.fixture(scope="session")
def stack(stack_folder: Path) -> Iterator[aws_clients.Outputs]:
    """Outputs of the running stack."""
    if path := os.environ.get(OUTPUTS_VARIABLE):
        yield read_outputs(Path(path))
        return
    shared = SharedStack(stack_folder.parent)
    try:
        yield shared.join()
    finally:
        shared.leave()


@pytest.fixture(scope="session")
def platform(stack: aws_clients.Outputs) -> Iterator[Platform]:
    is_deployed = "CognitoEndpointUrl" not in stack
    with InvitedPlatform(stack) if is_deployed else Platform(stack, lambda: read_inbox(stack)) as platform:
        yield platform


@pytest.fixture(scope="session")
def new_person(platform: Platform) -> Iterator[Callable[[], Person]]:
    """Makes people: signed up, confirmed, enrolled and signed in."""
    libraries: list[Library] = []

    def make() -> Person:
        account, library = platform.join(new_email(), new_password())
        libraries.append(library)
        return Person(account, library)

    yield make
    for library in libraries:
        library.close()


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture(scope="module")
def resident(new_person: Callable[[], Person]) -> Person:
    """One person for a whole module, for tests that only read or only add."""
    return new_person()


@pytest.fixture
def library(person: Person) -> Library:
    return person.library


@pytest.fixture(scope="session")
def store(stack: aws_clients.Outputs) -> Iterator[Store]:
    """What AWS itself holds: objects, jobs, queues."""
    with Store(stack) as store:
        yield store


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Test clips by name, made once per worker."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            makers = {"corrupt": clips.make_corrupt, "truncated": clips.make_truncated}
            made[name] = makers[name](folder) if name in makers else clips.make_clip(name, folder)
        return made[name]

    return get
