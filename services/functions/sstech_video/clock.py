"""The time, as precise as it is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def now() -> datetime:
    """UTC, cut to milliseconds, so that a time survives the way through JSON unchanged."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def deadline(seconds: float) -> Callable[[], bool]:
    """Tells whether so many seconds have gone by since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def never() -> bool:
    """The deadline of whoever has none."""
    return False
