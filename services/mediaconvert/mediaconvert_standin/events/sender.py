"""Job state change events: their form, and a sender that writes them down first and does not give up."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.events.destinations import Destination, Unreachable
from mediaconvert_standin.packaging.results import details_of_event
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import Job

DETAIL_TYPE = "MediaConvert Job State Change"
RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
MAX_REFUSALS = len(RETRY_SECONDS)

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


def job_event(settings: Settings, job: Job, status: str, extra: Json, timestamp_ms: int) -> Json:
    """The event as EventBridge delivers it. Details carry epoch milliseconds, the envelope whole seconds."""
    detail = {
        "timestamp": timestamp_ms,
        "accountId": settings.account_id,
        "queue": job.place,
        "jobId": job.id,
        "status": status,
        "userMetadata": job.user_metadata,
        **extra,
    }
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": DETAIL_TYPE,
        "source": settings.event_source,
        "account": settings.account_id,
        "time": datetime.fromtimestamp(timestamp_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": settings.region,
        "resources": [job.arn],
        "detail": detail,
    }


class EventSender:
    """Each destination gets the events in the order of ``send``; they are kept on disk until it took them."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, destinations: Sequence[Destination]
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._deliveries = [_Delivery(destination, database) for destination in destinations]
        self._names = [destination.name for destination in destinations]

    def send(self, job: Job, status: str, extra: Json | None = None) -> None:
        event = job_event(self._settings, job, status, extra or {}, int(self._clock.now() * 1000))
        self._database.keep_event(job.id, status, json.dumps(event), self._names)
        for delivery in self._deliveries:
            delivery.wake()

    def send_end(self, job: Job) -> None:
        """The event of a job's end, unless it was written down before, or none is due."""
        if self._database.was_told(job.id, job.status):
            return
        if job.status == "COMPLETE":
            self.send(job, "COMPLETE", complete_detail(job))
        elif job.status == "ERROR":
            self.send(job, "ERROR", error_detail(job))
        # One that never started has none; one that waits for another try has started before.
        elif job.status == "CANCELED" and (job.started_at is not None or job.retries):
            self.send(job, "CANCELED")

    def close(self, timeout: float) -> None:
        """Send what is waiting, for at most ``timeout`` seconds, without further retries."""
        for delivery in self._deliveries:
            delivery.stop()
        for delivery in self._deliveries:
            delivery.join(timeout)


class _Delivery:
    """One destination, served by one thread."""

    def __init__(self, destination: Destination, database: Database) -> None:
        self._destination = destination
        self._database = database
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._work.set()  # there may be events of an earlier process
        self._thread = threading.Thread(target=self._run, name=f"events-{destination.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._work.set()

    def stop(self) -> None:
        self._stopping.set()
        self._work.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._work.clear()
            try:
                self._drain()
            except Exception:  # such as a full disk: events wait, and the thread that sends them stays
                logger.exception("events for %s wait", self._destination.name)
                self._stopping.wait(RETRY_SECONDS[-1])
                self._work.set()
            if self._stopping.is_set():
                return

    def _drain(self) -> None:
        while (kept := self._database.next_event(self._destination.name)) is not None:
            number, text = kept
            if not self._deliver(json.loads(text)):
                return
            self._database.forget_event(number)

    def _deliver(self, event: Json) -> bool:
        """Whether the event is done with: taken, or refused again and again. It waits while nobody answers."""
        refusals = 0
        for wait in itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1])):
            try:
                problem = self._destination.put(event)
            except Unreachable as error:
                logger.warning("%s cannot be reached, events wait: %s", self._destination.name, error)
            except Exception:  # an answer that is none, from whatever listens there
                logger.exception("%s did not answer as it should, events wait", self._destination.name)
            else:
                if not problem:
                    return True
                refusals += 1
                if refusals >= MAX_REFUSALS:
                    logger.error("%s refused an event of %s: %s", self._destination.name, event["resources"], problem)
                    return True
            if self._stopping.wait(wait):
                return False
        return False
