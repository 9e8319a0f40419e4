"""What other services tell the functions, parsed at the border into typed values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from sstech_video import keys
from sstech_video.keys import Original
from sstech_video.transitions import Result
from sstech_video.video_ids import is_video_id


class EventError(ValueError):
    """The event has another shape than its service documents: it belongs into the dead-letter queue."""


@dataclass(frozen=True)
class Arrival:
    """An object was created in the temporary bucket. `original` is None for a key that is not an original's."""

    bucket: str
    key: str
    size: int
    original: Original | None


NO_RESULT: Final = Result(None, None, None)


@dataclass(frozen=True)
class JobEvent:
    """A MediaConvert job state change of a job that we made.

    `percent` is None unless the event tells progress; `error_code` is None unless the job failed.
    """

    status: str
    job_id: str
    stage: str
    owner: str
    video_id: str
    attempt: int
    percent: int | None = None
    error_code: int | None = None
    error_message: str = ""
    result: Result = NO_RESULT


# Names an event that S3 did not send: a conversion asked for again.
RETRY_EVENT: Final = "ObjectCreated:Retry"


def arrivals(body: str) -> tuple[Arrival, ...]:
    """The body of an SQS message: an S3 notification, in an SNS envelope or bare.

    Nothing arrives by `s3:TestEvent`. Raises `EventError`.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    try:
        message = json.loads(body)
        if message.get("Type") == "Notification":
            message = json.loads(message["Message"])
        if message.get("Event") == "s3:TestEvent":
            return ()
        return tuple(_arrival(record) for record in message["Records"] if _creates(record))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise EventError(f"not an S3 notification: {error!r}") from error


def retry_message(bucket: str, key: str, size: int) -> str:
    """An S3 notification of our own, so that a retry goes the way of an upload."""
    s3 = {"bucket": {"name": bucket}, "object": {"key": key, "size": size}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": RETRY_EVENT, "s3": s3}]})


def job_event(event: Mapping[str, Any]) -> JobEvent | None:
    """None for a job that is not ours. Raises `EventError`.

    https://docs.aws.amazon.com/mediaconvert/latest/ug/ev_status_complete.html
    """
    try:
        detail = event["detail"]
        metadata = detail.get("userMetadata") or {}
        owner, video_id = metadata.get("owner", ""), metadata.get("videoId", "")
        attempt = metadata.get("attempt", "")
        if not keys.is_owner(owner) or not is_video_id(video_id) or not (attempt.isascii() and attempt.isdigit()):
            return None
        return JobEvent(
            status=detail["status"],
            job_id=detail["jobId"],
            stage=metadata.get("stage", ""),
            owner=owner,
            video_id=video_id,
            attempt=int(attempt),
            percent=_whole((detail.get("jobProgress") or {}).get("jobPercentComplete")),
            error_code=_whole(detail.get("errorCode")),
            error_message=detail.get("errorMessage") or "",
            result=_result(detail.get("outputGroupDetails") or []),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventError(f"not a MediaConvert job state change: {error!r}") from error


def _creates(record: Mapping[str, Any]) -> bool:
    name: str = record["eventName"]
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _arrival(record: Mapping[str, Any]) -> Arrival:
    key = unquote_plus(record["s3"]["object"]["key"])
    size = int(record["s3"]["object"]["size"])
    return Arrival(record["s3"]["bucket"]["name"], key, size, keys.parse_original(key))


def _result(groups: Iterable[Mapping[str, Any]]) -> Result:
    """Of the MP4; every member of these events is optional."""
    outputs = [output for group in groups for output in group.get("outputDetails") or []]
    for output in outputs:
        paths = output.get("outputFilePaths") or []
        if any(path.endswith(f"/{keys.MP4_NAME}") for path in paths):
            video = output.get("videoDetails") or {}
            return Result(
                _whole(output.get("durationInMs")), _whole(video.get("widthInPx")), _whole(video.get("heightInPx"))
            )
    return NO_RESULT


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
