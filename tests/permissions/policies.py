"""What a role is granted, what a call needs, and whether the one covers the other. Pure.

Grants are read from the policies as deployed, where every ARN is whole; needs come from calls that the functions made
and from what AWS itself does with a function's role.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
"""A policy document with its ARNs resolved."""


@dataclass(frozen=True)
class Need:
    """`action` on `resource` must be allowed; `context` are the condition keys that the request carries.

    `enforced` is false for what no engine checks.
    """

    role: str
    action: str
    resource: str
    why: str
    context: tuple[tuple[str, str], ...] = ()
    enforced: bool = True


@dataclass(frozen=True)
class Grant:
    """One statement of one role."""

    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...] = ()

    def covers(self, need: Need) -> bool:
        return (
            need.role == self.role
            and any(_matches(need.action, action) for action in self.actions)
            and any(_matches(need.resource, resource) for resource in self.resources)
            and set(self.conditions) <= set(need.context)
        )

    def pieces(self) -> Iterator[Grant]:
        """The statement taken apart: one action on one resource each."""
        for action in self.actions:
            for resource in self.resources:
                yield Grant(self.role, self.sid, (action,), (resource,), self.conditions)

    def __str__(self) -> str:
        return f"{self.role}.{self.sid}: {', '.join(self.actions)} on {', '.join(self.resources)}"


def grants_of(role: str, document: Document) -> tuple[Grant, ...]:
    """Raises ValueError for what this reader does not know: a Deny, a NotAction, a condition of another kind."""
    grants = []
    for statement in document["Statement"]:
        known = {"Sid", "Effect", "Action", "Resource", "Condition"}
        if statement["Effect"] != "Allow" or not set(statement) <= known:
            raise ValueError(f"{role}: only plain Allow statements are understood: {statement}")
        conditions = statement.get("Condition", {})
        if not set(conditions) <= {"StringEquals"}:
            raise ValueError(f"{role}: only StringEquals is understood: {conditions}")
        grants.append(
            Grant(
                role,
                statement["Sid"],
                tuple(as_list(statement["Action"])),
                tuple(as_list(statement["Resource"])),
                tuple(conditions.get("StringEquals", {}).items()),
            )
        )
    return tuple(grants)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def complaints(grants: Sequence[Grant], needs: Iterable[Need]) -> list[str]:
    """Everything that is granted and not needed, or needed and not granted, or granted by a wildcard."""
    needs = list(needs)
    return [
        *(f"wildcard: {grant}" for grant in grants if any("*" in action for action in grant.actions)),
        *(f"spare: {piece}" for piece in spare(grants, needs)),
        *(f"missing: {need}" for need in missing(grants, needs)),
    ]


def spare(grants: Iterable[Grant], needs: Sequence[Need]) -> list[Grant]:
    """Single actions on single resources that nothing needs."""
    pieces = (piece for grant in grants for piece in grant.pieces())
    return [piece for piece in pieces if not any(piece.covers(need) for need in needs)]


def missing(grants: Sequence[Grant], needs: Iterable[Need]) -> list[Need]:
    return [need for need in needs if not any(grant.covers(need) for grant in grants)]


def resting_on(grant: Grant, grants: Iterable[Grant], needs: Iterable[Need]) -> list[Need]:
    """The needs that this statement alone covers."""
    others = [other for other in grants if other != grant]
    return [need for need in needs if grant.covers(need) and not any(other.covers(need) for other in others)]


def _matches(value: str, pattern: str) -> bool:
    """IAM's wildcards: `*` and `?`, slashes included. ("IAM JSON policy elements: Resource", IAM user guide.)"""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
