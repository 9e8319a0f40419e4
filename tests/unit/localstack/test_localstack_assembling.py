"""Requests of one upload take turns, those of different uploads do not wait for each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from localstack_standins.assembling import Turns

PATIENCE = 10.0


def test_one_name_one_at_a_time() -> None:
    turns = Turns()
    inside = 0
    most = 0

    def enter(_: int) -> None:
        nonlocal inside, most
        with turns.of("upload"):
            inside += 1
            most = max(most, inside)
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(400)))

    assert most == 1
    assert len(turns) == 0


def test_the_second_waits_for_the_first() -> None:
    turns = Turns()
    entered = threading.Event()

    def enter() -> None:
        with turns.of("upload"):
            entered.set()

    with turns.of("upload"):
        second = threading.Thread(target=enter)
        second.start()
        assert not entered.wait(0.05)
    second.join(PATIENCE)
    assert entered.is_set()


def test_another_name_does_not_wait() -> None:
    turns = Turns()
    with turns.of("one"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: _enter(turns, "other")).result(PATIENCE) == "other"


def test_a_failure_lets_the_next_one_in() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"), turns.of("upload"):
        raise ValueError("no")
    assert _enter(turns, "upload") == "upload"
    assert len(turns) == 0


def _enter(turns: Turns, name: str) -> str:
    with turns.of(name):
        return name
