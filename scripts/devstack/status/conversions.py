"""MediaConvert's jobs of the last 24 hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from devstack.status.metrics import WINDOW

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_mediaconvert.type_defs import JobTypeDef

# The most that ListJobs gives at once.
JOBS_PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs by their status, and the minutes of all their outputs, as MediaConvert bills them."""

    by_status: Counter[str]
    minutes: float


def read_jobs(mediaconvert: MediaConvertClient, stage: str, until: datetime) -> Jobs | None:
    """The jobs of one stage; None where one may not list them."""
    try:
        found = list(_since(mediaconvert, until - WINDOW))
    except ClientError:
        return None
    jobs = [job for job in found if job.get("UserMetadata", {}).get("stage") == stage]
    milliseconds = sum(
        output.get("DurationInMs", 0)
        for job in jobs
        for group in job.get("OutputGroupDetails", [])
        for output in group.get("OutputDetails", [])
    )
    return Jobs(Counter(job.get("Status", "") for job in jobs), milliseconds / 60_000)


def _since(mediaconvert: MediaConvertClient, start: datetime) -> Iterator[JobTypeDef]:
    """Newest first: the first older one ends the walk."""
    pages = mediaconvert.get_paginator("list_jobs").paginate(
        Order="DESCENDING", PaginationConfig={"PageSize": JOBS_PER_PAGE}
    )
    for page in pages:
        for job in page["Jobs"]:
            if job["CreatedAt"] < start:
                return
            yield job
