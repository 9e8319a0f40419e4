"""The table of attacks: its rows, and the code bound to them.

`attacks.yaml` says what is tried and what answer AWS gives; the function of the same name, marked `@attack`, tries it.
`@control(group)` marks a call of the same kind done rightly, which must succeed: without it a group in which everything
is refused, by a stack that is down for instance, would look safe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .scene import Scene

TABLE_FILE = Path(__file__).with_name("attacks.yaml")
FEWEST_ROWS = 60


@dataclass(frozen=True)
class Refusal:
    """An answer: HTTP `status`, the service's own error code ("" when there is none) and its message."""

    status: int
    error: str
    message: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `status` and `error` are AWS's; `embedded`, if any, is "status error" as the embedded engine refuses it.
    `message` is a part of the expected message, "" when the code says enough.
    """

    id: str
    group: str
    tried: str
    status: int
    error: str
    embedded: str = ""
    message: str = ""

    @property
    def expected(self) -> str:
        """The answer of the engine that the tests run on."""
        return self.embedded or f"{self.status} {self.error}"

    def is_met_by(self, refusal: Refusal) -> bool:
        return self.expected == f"{refusal.status} {refusal.error}" and self.message in refusal.message


Attack = Callable[[Scene], Refusal]
Control = Callable[[Scene], None]

ATTACKS: dict[str, Attack] = {}
CONTROLS: dict[str, list[Control]] = {}


class TableError(ValueError):
    """The table or the functions bound to it are not in order."""


def attack(function: Attack) -> Attack:
    """Binds the function to the row that has its name, with hyphens."""
    row_id = function.__name__.replace("_", "-")
    if row_id in ATTACKS:
        raise TableError(f"Two attacks are bound to {row_id}.")
    ATTACKS[row_id] = function
    return function


def control(group: str) -> Callable[[Control], Control]:
    def bind(function: Control) -> Control:
        CONTROLS.setdefault(group, []).append(function)
        return function

    return bind


def load_rows(text: str) -> tuple[Row, ...]:
    """Raises TableError for an unknown column, a missing one or an id used twice."""
    rows: list[Row] = []
    for group, entries in yaml.safe_load(text).items():
        rows += [_row(group, entry) for entry in entries]
    ids = [row.id for row in rows]
    if twice := {known for known in ids if ids.count(known) > 1}:
        raise TableError(f"Ids used twice: {sorted(twice)}.")
    return tuple(rows)


def _row(group: str, entry: dict[str, Any]) -> Row:
    try:
        return Row(group=group, **entry)
    except TypeError as error:
        raise TableError(f"{entry}: {error}") from error
