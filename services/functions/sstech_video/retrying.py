"""Another conversion of an original that is still there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sstech_video import events, pending, storage, transitions
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry, Status
from sstech_video.errors import WrongStateError, no_such_video

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType


# Longer than SQS keeps a message from a second delivery: whoever claimed the attempt will not come back.
STUCK_AFTER: Final = timedelta(minutes=15)

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
MESSAGE_COUNTS: Final[tuple[QueueAttributeNameType, ...]] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Retrying:
    s3: S3Client
    sqs: SQSClient
    temp_bucket: str
    queue_url: str
    catalog: Catalog

    def retry(self, entry: Entry, now: datetime) -> Entry:
        """Send the original through the trigger's queue again. Raises `WrongStateError`."""
        if not may_be_retried(entry, now):
            raise WrongStateError(f"This video is {entry.status.value}: only a failed one can be tried again.")
        size = storage.size_of(self.s3, self.temp_bucket, entry.key)
        if size is None:
            raise WrongStateError("The original is gone. Delete the video and upload it again.")
        pending.mark(self.s3, self.temp_bucket, entry.owner, entry.video_id, now)
        changed = self.catalog.update(entry.owner, entry.video_id, lambda known: transitions.retried(known, now))
        if changed is None:
            # The marker may be the deletion's: the reconciler takes it away when there is nothing left to do.
            raise no_such_video()
        # Again: as long as the entry said `failed`, a late event of that failure may have taken the first one away.
        pending.mark(self.s3, self.temp_bucket, entry.owner, entry.video_id, now)
        self.send(entry, size)
        return changed

    def queue_is_empty(self) -> bool:
        """Whether no message waits, is being handled, or comes back later."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=list(MESSAGE_COUNTS))
        return not any(int(attributes["Attributes"].get(name, 0)) for name in MESSAGE_COUNTS)

    def send(self, entry: Entry, size: int) -> None:
        """S3's notification once more; `size` in bytes is what S3 holds."""
        message = events.retry_message(self.temp_bucket, entry.key, size)
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=message)


def may_be_retried(entry: Entry, now: datetime) -> bool:
    """A failed video, and one whose message was lost: the trigger takes it up and makes no second job."""
    if entry.status is Status.CONVERTING:
        return entry.job_id is None and entry.claimed_at is not None and now - entry.claimed_at > STUCK_AFTER
    return entry.status in (Status.FAILED, Status.UPLOADED)
