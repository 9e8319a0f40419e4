"""Asking the API again when it is the way there that failed, or the service that was busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import requests
from botocore.exceptions import BotoCoreError

from devstack.contract import uploading
from devstack.contract.client_errors import AnswerError
from devstack.contract.uploading import Line

BUSY = frozenset({429, 500, 502, 503, 504})
QUOTA = "quota_exceeded"
"""A 429 that no waiting ends: it is the owner who has to make room."""

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer], line: Line) -> Answer:
    """The answer of `ask`, which must be safe to repeat. Raises its last error, or UploadInterruptedError."""
    for attempt in range(1, uploading.TRIES):
        try:
            return ask()
        except AnswerError as error:
            if error.status not in BUSY or error.code == QUOTA:
                raise
        except (requests.RequestException, BotoCoreError):
            pass  # the connection; BotoCoreError is the renewal of the token
        line.pause(attempt)
    return ask()
