"""Policy statements of CloudFront signed URLs and cookies.

Source: Amazon CloudFront Developer Guide, "Create a policy statement for a signed URL that uses a custom
policy" and "... a canned policy".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any


class MalformedPolicyError(ValueError):
    """A policy that CloudFront would not accept, whoever signed it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may fetch what, until when. Times are seconds since the epoch."""

    resource: str
    date_less_than: int
    date_greater_than: int | None = None
    source_ip: IPv4Network | None = None

    def allows(self, url: str, *, now: float, address: IPv4Address | IPv6Address | None) -> bool:
        if now >= self.date_less_than:
            return False
        if self.date_greater_than is not None and now <= self.date_greater_than:
            return False
        if self.source_ip is not None and (address is None or address not in self.source_ip):
            return False
        return _wildcards(self.resource).fullmatch(url) is not None


def canned_policy(url: str, expires: int) -> bytes:
    """The exact bytes signed for a canned policy: no white space, fixed order."""
    return b'{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%d}}}]}' % (
        url.encode(),
        expires,
    )


def parse_policy(document: bytes) -> Policy:
    """A custom policy. Raises: MalformedPolicyError."""
    try:
        statement = _statement(json.loads(document))
        conditions = statement["Condition"]
        return Policy(
            resource=_text(statement.get("Resource", "*")),
            date_less_than=_epoch_time(conditions["DateLessThan"]),
            date_greater_than=_optional_epoch_time(conditions, "DateGreaterThan"),
            source_ip=_source_ip(conditions),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedPolicyError(str(error)) from error


def _statement(document: Any) -> Mapping[str, Any]:
    statement = document["Statement"]
    if isinstance(statement, list):
        if len(statement) != 1:
            raise ValueError("a policy holds exactly one statement")
        statement = statement[0]
    if not isinstance(statement, dict) or not isinstance(statement.get("Condition"), dict):
        raise TypeError("a statement is an object with a Condition")
    unknown = set(statement["Condition"]) - {"DateLessThan", "DateGreaterThan", "IpAddress"}
    if unknown:
        raise ValueError(f"unknown conditions {sorted(unknown)}")
    return statement


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("Resource is a string")
    return value


def _epoch_time(condition: Any) -> int:
    value = condition["AWS:EpochTime"]
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("AWS:EpochTime is an integer, in seconds")
    return value


def _optional_epoch_time(conditions: Mapping[str, Any], name: str) -> int | None:
    return _epoch_time(conditions[name]) if name in conditions else None


def _source_ip(conditions: Mapping[str, Any]) -> IPv4Network | None:
    if "IpAddress" not in conditions:
        return None
    return IPv4Network(_text(conditions["IpAddress"]["AWS:SourceIp"]), strict=False)


def _wildcards(resource: str) -> re.Pattern[str]:
    """`*` is any run of characters, `?` exactly one; neither stops at a slash."""
    parts = (".*" if run == "*" else "." if run == "?" else re.escape(run) for run in re.split(r"([*?])", resource))
    return re.compile("".join(parts), re.DOTALL)
