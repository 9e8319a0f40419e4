"""What the judges of the template answer with."""

from __future__ import annotations

from dataclasses import dataclass


class RulesError(Exception):
    """The rules could not be run at all."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that a resource breaks; `resource` is its logical id, or "" where the rule names none."""

    rule: str
    resource: str
