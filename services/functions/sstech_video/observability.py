"""Logs and metrics of the functions, by Powertools.

Service name, namespace and level come from Powertools' own environment variables.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

DEFAULT_NAMESPACE: Final = "SStechVideo"


class Count(StrEnum):
    """Names of the metrics, one for each thing worth counting."""

    UPLOADS_STARTED = "UploadsStarted"
    UPLOADS_REFUSED_BY_QUOTA = "UploadsRefusedByQuota"
    UPLOADS_COMPLETED = "UploadsCompleted"
    TYPES_CONTRADICTED = "DeclaredTypesContradicted"
    MESSAGES_RETURNED = "MessagesReturned"
    MESSAGES_POSTPONED = "MessagesPostponed"
    CONVERSIONS_STARTED = "ConversionsStarted"
    CONVERSIONS_REFUSED_BY_COST = "ConversionsRefusedByCost"
    CONVERSIONS_COMPLETED = "ConversionsCompleted"
    CONVERSIONS_FAILED = "ConversionsFailed"
    CONVERSIONS_RETRIED = "ConversionsRetried"
    ORIGINALS_DELETED = "OriginalsDeleted"
    VIDEOS_DELETED = "VideosDeleted"
    DELETIONS_LEFT = "DeletionsLeft"
    INTERNAL_ERRORS = "InternalErrors"
    UPLOADS_ABANDONED = "UploadsAbandoned"
    PARTS_ABORTED = "MultipartUploadsAborted"
    ORPHANS_REMOVED = "OrphansRemoved"
    VIDEOS_SENT_AGAIN = "VideosSentAgain"
    CONVERSIONS_GIVEN_UP = "ConversionsGivenUp"
    EVENTS_RECOVERED = "LostJobEventsRecovered"
    CONVERSIONS_TIMED_OUT = "ConversionsTimedOut"
    CLEAN_UPS_FINISHED = "CleanUpsFinished"
    DELETIONS_FINISHED = "DeletionsFinished"
    LATE_OBJECTS_DELETED = "LateObjectsDeleted"
    RECONCILER_ERRORS = "ReconcilerErrors"
    VIDEOS_PENDING = "VideosPending"


logger = Logger()
# Used when the environment names none: counting must never be what fails a request.
_metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or DEFAULT_NAMESPACE)


def count(name: Count, number: int = 1) -> None:
    _metrics.add_metric(name=name.value, unit=MetricUnit.Count, value=number)


@contextmanager
def observed(correlation_id: str) -> Iterator[None]:
    """All log lines inside carry the id, or that of the video that is followed.

    What was counted is published at the end, even after a failure.
    """
    logger.set_correlation_id(correlation_id)
    try:
        yield
    finally:
        if _metrics.metric_set:
            _metrics.flush_metrics()
        logger.set_correlation_id(None)
        follow(None)


def follow(video_id: str | None) -> None:
    """From here on this thread's log lines carry the video's id; None ends that.

    Its id is what goes with a video through every function, so that one query shows its whole way.
    """
    if video_id is None:
        logger.thread_safe_clear_keys()
    else:
        logger.thread_safe_append_keys(correlation_id=video_id)
