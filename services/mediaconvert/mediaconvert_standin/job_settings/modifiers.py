"""Name modifiers as text, before anything is known of what the identifiers in them stand for."""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"\$(\w*)(?:%0(\d{1,2}))?\$")
COUNTERS = ("Number", "Time")  # of DASH: they differ from segment to segment


def counters(modifier: str) -> tuple[str, ...]:
    """What counts the segments in a name modifier."""
    return tuple(match[1] for match in IDENTIFIER.finditer(modifier) if match[1] in COUNTERS)
