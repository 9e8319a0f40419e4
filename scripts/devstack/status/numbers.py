"""The numbers as people read them."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

UNKNOWN = "-"
"""Where this engine measures nothing."""


@dataclass(frozen=True, slots=True)
class Number:
    """A line of the table."""

    group: str
    name: str
    value: str


def status_table(numbers: list[Number]) -> Table:
    table = Table("", "number", "now, or in the last 24 hours", title="Status", title_justify="left")
    former = ""
    for number in numbers:
        if former and number.group != former:
            table.add_section()
        table.add_row("" if number.group == former else number.group, number.name, number.value)
        former = number.group
    return table
