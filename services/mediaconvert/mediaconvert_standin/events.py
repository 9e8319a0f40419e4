"""Job state change events: their shapes, and a sender that keeps their order and does not give up easily."""

from __future__ import annotations

import itertools
import json
import logging
import queue
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, EndpointConnectionError, HTTPClientError  # noqa: A004

from mediaconvert_standin.database import Database
from mediaconvert_standin.jobs import Job
from mediaconvert_standin.results import details_of_event
from mediaconvert_standin.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

DETAIL_TYPE = "MediaConvert Job State Change"
RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

Json = dict[str, Any]

logger = logging.getLogger("mediaconvert_standin")


def complete_detail(job: Job) -> Json:
    detail: Json = {"outputGroupDetails": details_of_event(job.results)}
    if job.warnings:
        detail["warnings"] = [{"code": code, "count": job.warnings.count(code)} for code in sorted(set(job.warnings))]
    return detail


def error_detail(job: Job) -> Json:
    return {"errorCode": job.error_code, "errorMessage": job.error_message}


def warning_detail(code: int, message: str) -> Json:
    return {"warningCode": str(code), "warningMessage": message}


def event_entry(settings: Settings, job: Job, status: str, extra: Json, timestamp_ms: int) -> Json:
    """One entry of PutEvents as it is kept: ``Time`` in epoch seconds. Details carry epoch milliseconds."""
    detail = {
        "timestamp": timestamp_ms,
        "accountId": settings.account_id,
        "queue": job.queue,
        "jobId": job.id,
        "status": status,
        "userMetadata": job.user_metadata,
        **extra,
    }
    return {
        "Source": settings.event_source,
        "DetailType": DETAIL_TYPE,
        "Resources": [job.arn],
        "Time": timestamp_ms // 1000,
        "Detail": json.dumps(detail),
    }


class EventSender:
    """Sends from one thread, in the order of ``send``. An event is kept on disk until the bus has taken it."""

    def __init__(self, client: EventBridgeClient, settings: Settings, database: Database) -> None:
        self._client = client
        self._settings = settings
        self._database = database
        self._entries: queue.Queue[tuple[int, Json] | None] = queue.Queue()
        for number, text in database.events():
            self._entries.put((number, json.loads(text)))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def send(self, job: Job, status: str, extra: Json | None = None) -> None:
        timestamp_ms = int(datetime.now(UTC).timestamp() * 1000)
        entry = event_entry(self._settings, job, status, extra or {}, timestamp_ms)
        self._entries.put((self._database.keep_event(json.dumps(entry)), entry))

    def close(self, timeout: float) -> None:
        """Send what is waiting, for at most ``timeout`` seconds, without further retries."""
        self._stopping.set()
        self._entries.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (waiting := self._entries.get()) is not None:
            number, entry = waiting
            if self._deliver(entry):
                self._database.forget_event(number)

    def _deliver(self, entry: Json) -> bool:
        """Whether the event is done with: taken by the bus, or refused by it again and again.

        While the bus cannot be reached the event waits, for as long as that takes.
        """
        for wait in itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1])):
            try:
                problem = self._put(entry)
            except (ConnectionError, HTTPClientError, EndpointConnectionError) as error:
                logger.warning("EventBridge cannot be reached, events wait: %s", error)
            else:
                if not problem:
                    return True
                if wait == RETRY_SECONDS[-1]:
                    logger.error("event lost for %s: %s", entry["Resources"][0], problem)
                    return True
            if self._stopping.wait(wait):
                return False
        return False

    def _put(self, entry: Json) -> str:
        """Empty when the bus took the event, else the reason."""
        sent = {**entry, "Time": datetime.fromtimestamp(entry["Time"], UTC)}
        try:
            answer = self._client.put_events(Entries=[sent])  # type: ignore[list-item]
        except ClientError as error:
            return str(error)
        failed = answer["Entries"][0] if answer.get("FailedEntryCount") else {}
        return f"{failed.get('ErrorCode', '')} {failed.get('ErrorMessage', '')}".strip()
