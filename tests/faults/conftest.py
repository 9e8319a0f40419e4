"""Faults against a running stack: kills, losses, full disks, cut lines. One at a time, on a stack of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.people import Person, new_email
from integration.store import Store

from devstack import clips
from devstack.contract.client import Platform, new_password
from devstack.contract.inbox import read_inbox

from .audit import Numbers
from .stack import FaultyStack

SEEN = pytest.StashKey[dict[str, Numbers]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEEN] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The numbers of every fault."""
    seen = config.stash[SEEN]
    if not seen:
        return
    terminalreporter.section("faults")
    for name, numbers in seen.items():
        terminalreporter.line(f"{name}: {_told(numbers)}")
    every = Numbers()
    for numbers in seen.values():
        every.add(numbers)
    terminalreporter.line(f"all: {_told(every)}")


def _told(numbers: Numbers) -> str:
    done = ", ".join(f"{what} {count}" for what, count in sorted(numbers.reconciled.items()) if count)
    return (
        f"{numbers.uploads} uploads, {numbers.faults} faults, {numbers.ready} ready with {numbers.published} published"
        f" attempts, {numbers.failed} failed with a reason, {numbers.orphans} orphans"
        + (f"; reconciler: {done}" if done else "")
    )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyStack]:
    stack = FaultyStack.start(tmp_path_factory.mktemp("faults"))
    try:
        yield stack
    finally:
        stack.dev("down", "--volumes")


@pytest.fixture
def numbers(request: pytest.FixtureRequest) -> Numbers:
    numbers = Numbers()
    request.config.stash[SEEN][request.node.name] = numbers
    return numbers


@pytest.fixture
def person(stack: FaultyStack) -> Iterator[Person]:
    with Platform(stack.outputs, lambda: read_inbox(stack.outputs)) as platform:
        account, library = platform.join(new_email(), new_password())
        with library:
            yield Person(account, library)


@pytest.fixture
def store(stack: FaultyStack) -> Iterator[Store]:
    with Store(stack.outputs) as store:
        yield store


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Converted in a moment."""
    return clips.make_clip("mp4-h264-aac", tmp_path_factory.mktemp("tiny"), seconds=0.5, size=(160, 90))


@pytest.fixture(scope="session")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes some seconds to convert: time to do harm."""
    return clips.make_clip("mp4-h264-aac", tmp_path_factory.mktemp("long"), seconds=20, size=(640, 360))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Goes in parts; little of it is video."""
    clip = clips.make_clip("mp4-h264-aac", tmp_path_factory.mktemp("large"), seconds=0.5, size=(160, 90))
    return clips.pad(clip, 110_000_000)
