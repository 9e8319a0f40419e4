"""What an operator does by hand: a round of the reconciler, and dead letters sent on their way again.

The dead letters are moved by this program, not by SQS's StartMessageMoveTask, which the embedded engine lacks; so it
works the same on every engine and on AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devstack.contract import aws_clients

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCH = 10
"""Messages that SQS gives at a time, at most."""
HIDDEN_SECONDS = 60
"""For so long nobody else sees a message that is being moved."""


class MaintenanceError(Exception):
    """The function could not do what it was asked."""


@dataclass(frozen=True)
class Redriven:
    """How many dead letters went where."""

    notifications: int
    job_events: int


def redrive(outputs: aws_clients.Outputs) -> Redriven:
    """Sends upload notifications back to their queue and job events back to their function.

    A letter is deleted after it was sent, never before: it may arrive twice, which does no harm.
    """
    sqs, functions = aws_clients.sqs(outputs), aws_clients.functions(outputs)
    queue = outputs["TriggerQueueUrl"]
    notifications = _move(
        sqs,
        outputs["DeadLetterQueueUrl"],
        lambda message: sqs.send_message(QueueUrl=queue, MessageBody=message["Body"]),
    )
    job_events = _move(
        sqs,
        outputs["EventDeadLetterQueueUrl"],
        lambda message: _invoke_again(functions, outputs["ConversionCompleteFunctionName"], message),
    )
    return Redriven(notifications, job_events)


def reconcile(
    outputs: aws_clients.Outputs, quiet_seconds: int | None = None, video_id: str | None = None
) -> dict[str, int]:
    """One round, now; returns what it did, by the names of its metrics. Raises MaintenanceError.

    `quiet_seconds` replaces the usual time for which nothing must have happened to a video; `video_id` is for a round
    for one alone.
    """
    wanted = {"quietAfterSeconds": quiet_seconds, "videoId": video_id}
    event = {name: value for name, value in wanted.items() if value is not None}
    answer = aws_clients.functions(outputs).invoke(
        FunctionName=outputs["ReconcilerFunctionName"], Payload=json.dumps(event)
    )
    report = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise MaintenanceError(f"The reconciler failed: {report.get('errorMessage', report)}. Its log says more.")
    return dict(report)


def in_words(metric: str) -> str:
    """A metric's name as people write it: `LostJobEventsRecovered` is `lost job events recovered`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", metric).lower()


def original_event(body: str) -> dict[str, Any]:
    """A job event as EventBridge sent it, out of its own dead letter or out of Lambda's record of a failure."""
    document: dict[str, Any] = json.loads(body)
    payload: dict[str, Any] = document.get("requestPayload", document)
    return payload


def _invoke_again(functions: LambdaClient, name: str, message: MessageTypeDef) -> None:
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(original_event(message["Body"])))


def _move(sqs: SQSClient, queue_url: str, send: Callable[[MessageTypeDef], object]) -> int:
    moved = 0
    for message in _waiting(sqs, queue_url):
        send(message)
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    return moved


def _waiting(sqs: SQSClient, queue_url: str) -> Iterator[MessageTypeDef]:
    """What waits now, each message once: a letter that dies again must not keep this going for ever."""
    seen: set[str] = set()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=BATCH, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=1
        )
        fresh = [message for message in answer.get("Messages", []) if message["MessageId"] not in seen]
        if not fresh:
            return
        seen |= {message["MessageId"] for message in fresh}
        yield from fresh
