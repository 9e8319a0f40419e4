"""Claims as API Gateway hands them to an integration: every value is a string."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# These two arrive as Java's Date.toString() shows them, such as `Sat Nov 21 10:02:03 UTC 2026`; the names are English
# whatever the locale of this process.
DATES = frozenset({"exp", "iat"})
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def as_strings(claims: Mapping[str, Any]) -> dict[str, str]:
    """`requestContext.authorizer.claims` of the event for these claims."""
    return {name: _date(value) if name in DATES else _text(value) for name, value in claims.items()}


def _date(seconds: float) -> str:
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError, TypeError):
        return _text(seconds)
    return f"{DAYS[when.weekday()]} {MONTHS[when.month - 1]} {when:%d %H:%M:%S} UTC {when.year}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ",".join(_text(item) for item in value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
