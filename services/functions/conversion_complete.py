"""Lambda `conversion-complete`: MediaConvert's job state changes, through EventBridge."""

from __future__ import annotations

from functools import cache
from typing import Any

from sstech_video import aws, clock, events
from sstech_video.catalog import Catalog
from sstech_video.months import PATIENT_TRIES, Months
from sstech_video.observability import logger, observed
from sstech_video.outcomes import Outcomes
from sstech_video.settings import settings
from sstech_video.spending import Spending
from sstech_video.tombstones import Tombstones


@cache
def outcomes() -> Outcomes:
    config, s3 = settings(), aws.s3()
    return Outcomes(
        s3=s3,
        stage=config.stage,
        temp_bucket=config.temp_bucket,
        media_bucket=config.media_bucket,
        catalog=Catalog(s3, config.media_bucket),
        tombstones=Tombstones(s3, config.media_bucket),
        spending=Spending(Months(s3, config.media_bucket, PATIENT_TRIES), config.cost_limits),
    )


def handler(event: dict[str, Any], _context: Any) -> None:
    job = events.job_event(event)
    if job is None:
        logger.info("job of somebody else, ignored", extra={"resources": event.get("resources")})
        return
    with observed(job.video_id):
        outcomes().happened(job, clock.now())
