"""What other services tell the functions, parsed at the border into typed values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote_plus

from sstech_video import keys
from sstech_video.keys import Original
from sstech_video.stuck import Patience
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


MAX_PATIENCE_SECONDS: Final = 366 * 24 * 3600
NO_RESULT: Final = Result(None, None, None)
_OVER: Final = frozenset({"COMPLETE", "ERROR", "CANCELED"})


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

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more comes of it."""
        return self.status in _OVER


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
        ours = _ours(detail.get("userMetadata") or {})
        if ours is None:
            return None
        return JobEvent(
            **ours,
            status=detail["status"],
            job_id=detail["jobId"],
            percent=_whole((detail.get("jobProgress") or {}).get("jobPercentComplete")),
            error_code=_whole(detail.get("errorCode")),
            error_message=detail.get("errorMessage") or "",
            result=_result(detail.get("outputGroupDetails") or []),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventError(f"not a MediaConvert job state change: {error!r}") from error


def patience(event: Mapping[str, Any]) -> Patience:
    """How patient this round is. The schedule's own events say nothing; whoever invokes by hand may.

    `quietAfterSeconds`: look at videos that no event has changed for so long; `abandonedAfterSeconds`: give up uploads
    that have seen no part for so long; `jobAllowanceSeconds`: stop jobs that run longer. Raises `EventError`.
    """
    usual = Patience()
    return Patience(
        quiet=_seconds(event, "quietAfterSeconds", usual.quiet),
        upload=_seconds(event, "abandonedAfterSeconds", usual.upload),
        job=_seconds(event, "jobAllowanceSeconds", usual.job),
    )


def only_video(event: Mapping[str, Any]) -> str | None:
    """`videoId`: look at this video alone. Raises `EventError`."""
    video_id = event.get("videoId")
    if video_id is None or (isinstance(video_id, str) and is_video_id(video_id)):
        return video_id
    raise EventError("videoId is not one that this system makes")


def _seconds(event: Mapping[str, Any], name: str, usual: timedelta) -> timedelta:
    if name not in event:
        return usual
    seconds = _whole(event[name])
    if seconds is None or not 0 <= seconds <= MAX_PATIENCE_SECONDS:
        raise EventError(f"{name} must be a whole number of seconds up to {MAX_PATIENCE_SECONDS}")
    return timedelta(seconds=seconds)


def job_state(job: Mapping[str, Any]) -> JobEvent | None:
    """`Job` of GetJob's answer, as the event that tells the same. None for a job that is not ours.

    Raises `EventError`. https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs-id.html
    """
    try:
        ours = _ours(job.get("UserMetadata") or {})
        if ours is None:
            return None
        return JobEvent(
            **ours,
            status=job["Status"],
            job_id=job["Id"],
            percent=_whole(job.get("JobPercentComplete")),
            error_code=_whole(job.get("ErrorCode")),
            error_message=job.get("ErrorMessage") or "",
            result=_job_result(job.get("OutputGroupDetails") or []),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventError(f"not a MediaConvert job: {error!r}") from error


def _ours(metadata: Mapping[str, str]) -> dict[str, Any] | None:
    """What of a `JobEvent` the metadata of our own jobs tells."""
    owner, video_id = metadata.get("owner", ""), metadata.get("videoId", "")
    attempt = metadata.get("attempt", "")
    if not keys.is_owner(owner) or not is_video_id(video_id) or not (attempt.isascii() and attempt.isdigit()):
        return None
    return {"stage": metadata.get("stage", ""), "owner": owner, "video_id": video_id, "attempt": int(attempt)}


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


def _job_result(groups: list[Mapping[str, Any]]) -> Result:
    """GetJob names no files; the MP4's group is the first of our jobs."""
    outputs = [output for group in groups[:1] for output in group.get("OutputDetails") or []]
    if not outputs:
        return NO_RESULT
    video = outputs[0].get("VideoDetails") or {}
    return Result(
        _whole(outputs[0].get("DurationInMs")), _whole(video.get("WidthInPx")), _whole(video.get("HeightInPx"))
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
