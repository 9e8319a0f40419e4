"""The e-mails that the local Cognito "sent"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

import requests

MESSAGES_PATH = "/_ministack/ses/messages"
TIMEOUT = 10
"""Seconds for one look into the inbox."""
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
"""Cognito's codes have six digits."""


class Message(TypedDict):
    """One e-mail; `code` is "" when the text holds none, `at` is ISO 8601 UTC."""

    to: str
    subject: str
    code: str
    body: str
    at: str


def read_inbox(outputs: Mapping[str, str]) -> list[Message]:
    """All messages, oldest first. Raises requests.RequestException when Cognito does not answer."""
    endpoint = outputs.get("CognitoEndpointUrl")
    if endpoint is None:
        return []  # on AWS the messages are real e-mails
    response = requests.get(endpoint.rstrip("/") + MESSAGES_PATH, timeout=TIMEOUT)
    response.raise_for_status()
    accounts: Mapping[str, list[dict[str, Any]]] = response.json()["messages"]
    messages = [_message(record, to) for records in accounts.values() for record in records for to in record["To"]]
    return sorted(messages, key=lambda message: message["at"])


def _message(record: Mapping[str, Any], to: str) -> Message:
    body = str(record.get("BodyText") or record.get("BodyHtml") or "")
    subject = str(record.get("Subject") or "")
    found = CODE.search(body) or CODE.search(subject)
    return {
        "to": to,
        "subject": subject,
        "code": found.group() if found else "",
        "body": body,
        "at": _iso(float(record["Timestamp"])),
    }


def _iso(epoch_seconds: float) -> str:
    # A fixed number of digits, so that the text sorts like the time.
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="microseconds")
