"""Lambda `mediaconvert-trigger`: S3's notifications, through SNS and SQS, become MediaConvert jobs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from sstech_video import aws, clock, events
from sstech_video.backing_off import back_off, postpone
from sstech_video.catalog import Catalog
from sstech_video.conversion import Target
from sstech_video.jobs import Jobs
from sstech_video.months import PATIENT_TRIES, Months
from sstech_video.observability import Count, count, follow, logger, observed
from sstech_video.settings import settings
from sstech_video.spending import Spending
from sstech_video.starting import Starter
from sstech_video.tombstones import Tombstones

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

# Probe reads the file before it answers. One that hangs must not take the time of the messages after it.
PROBE_SECONDS: Final = 10
# A message usually needs a second or two, one whose Probe hangs so many. If Lambda stopped the function
# in the middle of a batch, all of its messages would come back, and only after the queue's whole visibility timeout.
ONE_MESSAGE_MILLISECONDS: Final = 20_000


class OutOfTimeError(Exception):
    """What is left of a batch goes back to its queue."""


# When every message fails, SQS gets the list all the same: an exception would say less.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def starter() -> Starter:
    config, s3 = settings(), aws.s3()
    target = Target(
        stage=config.stage,
        temp_bucket=config.temp_bucket,
        media_bucket=config.media_bucket,
        role_arn=config.mediaconvert_role_arn,
        queue_arn=config.mediaconvert_queue_arn,
    )
    catalog = Catalog(s3, config.media_bucket)
    jobs = Jobs(aws.mediaconvert(), config.stage, config.mediaconvert_queue_arn)
    return Starter(
        s3=s3,
        mediaconvert=aws.mediaconvert(),
        prober=aws.hasty_mediaconvert(PROBE_SECONDS),
        target=target,
        catalog=catalog,
        tombstones=Tombstones(s3, config.media_bucket),
        jobs=jobs,
        spending=Spending(Months(s3, config.media_bucket, PATIENT_TRIES), config.cost_limits),
        price_percent=config.price_percent,
    )


def start_conversions(record: SQSRecord, lambda_context: Any) -> None:
    """One SQS message. Whatever keeps it from being handled sends it back to its queue."""
    with observed(record.message_id):
        try:
            if lambda_context.get_remaining_time_in_millis() < ONE_MESSAGE_MILLISECONDS:
                _postpone(record)
                return
            for arrival in events.arrivals(record.body):
                follow(arrival.original.video_id if arrival.original else None)
                starter().arrived(arrival, clock.now())
        except Exception:
            count(Count.MESSAGES_RETURNED)
            logger.exception("the message goes back to its queue", extra={"message_id": record.message_id})
            receive_count = int(record.attributes.approximate_receive_count)
            back_off(aws.sqs(), settings().trigger_queue_url, record.receipt_handle, receive_count)
            raise


def _postpone(record: SQSRecord) -> None:
    """A copy of the message goes back in its place: nobody has looked at it, so it keeps all its tries.

    Raises `OutOfTimeError` if the queue takes no copy: then the message itself comes back, with one try less.
    """
    if not postpone(aws.sqs(), settings().trigger_queue_url, record.body):
        raise OutOfTimeError("The messages before this one took too long: it is tried again later.")
    logger.info("no time left for the message, postponed", extra={"message_id": record.message_id})
    count(Count.MESSAGES_POSTPONED)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    return process_partial_response(event, start_conversions, processor, context)
