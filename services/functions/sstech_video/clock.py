"""The time, as precise as it is stored."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """UTC, cut to milliseconds, so that a time survives the way through JSON unchanged."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
