"""Waiting for a condition with a deadline, asking less and less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
GROWTH = 1.5

Answer = TypeVar("Answer")


class DeadlineExceededError(Exception):
    """The condition did not come true in time."""


def wait_for(
    ask: Callable[[], Answer | None],
    what: str,
    *,
    timeout: float,
    longest_pause: float = LONGEST_PAUSE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """The first answer of `ask` that is neither None nor False.

    `what` completes the sentence "Waited N seconds for …". Times are seconds.
    Raises DeadlineExceededError when `timeout` has passed; `ask` is called at least once, and once more at the end.
    """
    deadline = clock() + timeout
    pause = FIRST_PAUSE
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        left = deadline - clock()
        if left <= 0:
            raise DeadlineExceededError(f"Waited {timeout:g} seconds for {what}.")
        sleep(min(pause, left))
        pause = min(pause * GROWTH, longest_pause)
