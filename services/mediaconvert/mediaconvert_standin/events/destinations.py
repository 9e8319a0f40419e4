"""Where events go: an EventBridge bus, a webhook."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

Json = dict[str, Any]

WEBHOOK_SECONDS = 10.0
# A bus or server that answers so may take the event later.
_RETRIED_STATUSES = frozenset({408, 425, 429})
_RETRIED_CODES = frozenset({"InternalException", "InternalFailure", "ThrottlingException", "RequestLimitExceeded"})


class Unreachable(Exception):  # noqa: N818 - it names the state of the destination
    """Nobody takes events at the moment; the event is to be tried again, for as long as it takes."""


class Destination(Protocol):
    name: str

    def put(self, event: Json) -> str:
        """Empty when the event was taken, else why it was refused. Raises Unreachable."""
        ...


class EventBridge:
    name = "EventBridge"

    def __init__(self, client: EventBridgeClient, bus: str | None) -> None:
        self._client = client
        self._bus = {"EventBusName": bus} if bus else {}

    def put(self, event: Json) -> str:
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Time": datetime.fromisoformat(event["time"]),
            "Detail": json.dumps(event["detail"]),
            **self._bus,
        }
        try:
            answer = self._client.put_events(Entries=[entry])  # type: ignore[list-item]
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            code = error.response.get("Error", {}).get("Code", "")
            if _is_temporary(status) or code in _RETRIED_CODES:
                raise Unreachable(str(error)) from error
            return str(error)
        except BotoCoreError as error:
            raise Unreachable(str(error)) from error
        failed = answer["Entries"][0] if answer.get("FailedEntryCount") else {}
        if failed.get("ErrorCode") in _RETRIED_CODES:
            raise Unreachable(str(failed["ErrorCode"]))
        return f"{failed.get('ErrorCode', '')} {failed.get('ErrorMessage', '')}".strip()


class Webhook:
    """Receives each event as the JSON body of a POST, and takes it by any answer 2xx."""

    name = "webhook"

    def __init__(self, url: str) -> None:
        """``url`` is http or https: the settings made sure of it."""
        self._url = url
        # Without handlers for redirects and proxies: an event goes where it was told to, or nowhere.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            self._opener.add_handler(handler)

    def put(self, event: Json) -> str:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url, json.dumps(event).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with self._opener.open(request, timeout=WEBHOOK_SECONDS):
                return ""
        except urllib.error.HTTPError as error:
            error.close()
            if _is_temporary(error.code):
                raise Unreachable(f"status {error.code}") from error
            return f"status {error.code}"
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from error


def _is_temporary(status: int) -> bool:
    return status >= 500 or status in _RETRIED_STATUSES
