"""When a message that could not be handled is tried again: soon at first, then ever later.

Without this a message comes back only after the queue's whole visibility timeout, which is six times the function's
time limit: far too long for a service that is throttling for a second.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from sstech_video.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_DELAY_SECONDS: Final = 5
LONGEST_DELAY_SECONDS: Final = 360


def delay_seconds(receive_count: int) -> int:
    """At most; `receive_count` is 1 at the first delivery."""
    return min(FIRST_DELAY_SECONDS << min(max(receive_count, 1) - 1, 10), LONGEST_DELAY_SECONDS)


def back_off(sqs: SQSClient, queue_url: str, receipt_handle: str, receive_count: int) -> None:
    """Let the message be seen again after a while; spread, so that messages that failed together come apart."""
    longest = delay_seconds(receive_count)
    delay = random.randint((longest + 1) // 2, longest)  # noqa: S311 - spreads load, hides nothing
    try:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=delay)
    except (ClientError, BotoCoreError) as error:
        logger.warning("the message comes back with the queue's own timeout", extra={"reason": str(error)})


def postpone(sqs: SQSClient, queue_url: str, body: str) -> bool:
    """Send a copy of a message that nobody has looked at; whether the queue has it, and the message itself may go.

    Made visible again, the message would have lost one of the receives after which it is a dead letter.
    """
    try:
        sqs.send_message(QueueUrl=queue_url, MessageBody=body, DelaySeconds=FIRST_DELAY_SECONDS)
    except (ClientError, BotoCoreError) as error:
        logger.warning("the message could not be postponed", extra={"reason": str(error)})
        return False
    return True
