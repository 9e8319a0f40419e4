"""Lambda `video-streaming-reconciler`: on a schedule, finishes what no event will."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sstech_video import aws, clock, events
from sstech_video.catalog import Catalog
from sstech_video.deletion import Deletion
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.months import PATIENT_TRIES, Months
from sstech_video.multipart import UploadBucket
from sstech_video.observability import logger, observed
from sstech_video.outcomes import Outcomes
from sstech_video.reconciling import Reconciler
from sstech_video.retrying import Retrying
from sstech_video.settings import settings
from sstech_video.spending import Spending
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Quotas, Usage

# A step that has begun gets so long to end before Lambda stops the function.
LAST_STEP_MILLISECONDS: Final = 30_000


@cache
def reconciler() -> Reconciler:
    config, s3 = settings(), aws.s3()
    catalog, tombstones = Catalog(s3, config.media_bucket), Tombstones(s3, config.media_bucket)
    usage = Usage(s3, config.media_bucket, catalog, Quotas(config.max_open_uploads, config.max_stored_bytes))
    spending = Spending(Months(s3, config.media_bucket, PATIENT_TRIES), config.cost_limits)
    upload_bucket = UploadBucket(s3, s3, config.temp_bucket)
    jobs = Jobs(aws.mediaconvert(), config.stage, config.mediaconvert_queue_arn)
    return Reconciler(
        s3=s3,
        temp_bucket=config.temp_bucket,
        catalog=catalog,
        tombstones=tombstones,
        jobs=jobs,
        outcomes=Outcomes(s3, config.stage, config.temp_bucket, config.media_bucket, catalog, tombstones, spending),
        upload_bucket=upload_bucket,
        usage=usage,
        retrying=Retrying(s3, aws.sqs(), config.temp_bucket, config.trigger_queue_url, catalog),
        deletion=Deletion(
            s3=s3,
            jobs=lambda: jobs,
            temp_bucket=config.temp_bucket,
            media_bucket=config.media_bucket,
            catalog=catalog,
            tombstones=tombstones,
            usage=usage,
            upload_bucket=upload_bucket,
            invalidation=Invalidation(aws.cloudfront, config.distribution_id),
        ),
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Returns what was done, by the names of the metrics."""
    with observed(context.aws_request_id):
        done = reconciler().run(
            clock.now(),
            events.patience(event),
            lambda: context.get_remaining_time_in_millis() < LAST_STEP_MILLISECONDS,
            events.only_video(event),
        )
        report = {name.value: number for name, number in sorted(done.items())}
        logger.info("reconciled", extra={"report": report})
        return report
