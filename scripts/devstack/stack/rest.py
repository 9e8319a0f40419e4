"""Brings the pipeline of a running stack to rest, so that what is saved of it is of one moment, and wakes it again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from devstack.waiting import DeadlineExceededError, wait_for

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

IN_HAND_SECONDS = 10.0
"""For messages that a function is working on; one that waits its back-off stays in flight for longer."""
POLL_SECONDS = 0.2


def hold_queues(functions: "LambdaClient", sqs: "SQSClient") -> None:
    """From here on messages stay in their queues; returns once those in a function's hands are done with, or soon."""
    _switch(functions, on=False)
    try:
        wait_for(
            lambda: not any(_in_flight(sqs, arn) for arn in _sources(functions)),
            "messages in flight",
            timeout=IN_HAND_SECONDS,
            longest_pause=POLL_SECONDS,
        )
    except DeadlineExceededError:
        # Kept by the engine with everything else: it comes back at its time.
        return


def release_queues(functions: "LambdaClient") -> None:
    """Messages go to their functions (again)."""
    _switch(functions, on=True)


def _switch(functions: "LambdaClient", *, on: bool) -> None:
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


def _sources(functions: "LambdaClient") -> Iterator[str]:
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        yield mapping["EventSourceArn"]


def _in_flight(sqs: "SQSClient", queue_arn: str) -> int:
    url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])
