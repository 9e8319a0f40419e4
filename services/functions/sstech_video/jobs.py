"""MediaConvert's jobs, asked for directly: what events would have told, and what CreateJob's lost answer was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sstech_video import aws, events
from sstech_video.entries import Entry
from sstech_video.events import JobEvent

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient

# https://docs.aws.amazon.com/mediaconvert/latest/apireference/search.html: at most 20 a page.
PAGE: Final = 20
MAX_PAGES: Final = 25


@dataclass(frozen=True)
class Jobs:
    """The jobs of one stage's queue."""

    mediaconvert: MediaConvertClient
    stage: str
    queue_arn: str

    def find(self, entry: Entry) -> str | None:
        """Id of the job of the entry's live attempt.

        CreateJob's token is good for a minute only: after that this is what keeps a video from being converted twice.
        """
        wanted = {"stage": self.stage, "videoId": entry.video_id, "attempt": str(entry.attempt)}
        pages = self.mediaconvert.get_paginator("search_jobs").paginate(
            InputFile=entry.key,
            Queue=self.queue_arn,
            Order="DESCENDING",
            PaginationConfig={"PageSize": PAGE, "MaxItems": PAGE * MAX_PAGES},
        )
        for job in (job for page in pages for job in page.get("Jobs", [])):
            if wanted.items() <= job.get("UserMetadata", {}).items():
                return job["Id"]
        return None

    def state(self, job_id: str) -> JobEvent | None:
        """How the job stands, as the event that would have told it; None when MediaConvert knows no such job of ours.

        Raises `EventError` for a job in no shape that is documented.
        """
        try:
            job = self.mediaconvert.get_job(Id=job_id)["Job"]
        except self.mediaconvert.exceptions.NotFoundException:
            return None
        return events.job_state(job)

    def cancel(self, job_id: str) -> None:
        """Cancel a job unless it is over already; its last event cleans up then."""
        with aws.ignoring("ConflictException", "NotFoundException", "BadRequestException"):
            self.mediaconvert.cancel_job(Id=job_id)
