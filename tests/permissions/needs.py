"""What AWS asks of a role: for each call that a function makes, and for what services do in the role's name.

Source of the first table: Service Authorization Reference, "Actions, resources, and condition keys" of each service;
for conditional writes and missing keys, "How to prevent object overwrites with conditional writes" and "GetObject",
Amazon S3 user guide and API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .policies import Need

NOT_FOUND = 404
MEDIACONVERT = "mediaconvert.amazonaws.com"


@dataclass(frozen=True)
class Call:
    """A call that a function made; `status` is 0 for a URL that it only signed."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    status: int
    error: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Place:
    """Where the stack is, for ARNs."""

    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


Resources = Callable[[Mapping[str, Any], Place], list[str]]


def _object(parameters: Mapping[str, Any], _: Place) -> list[str]:
    return [f"arn:aws:s3:::{parameters['Bucket']}/{parameters['Key']}"]


def _objects(parameters: Mapping[str, Any], _: Place) -> list[str]:
    return [f"arn:aws:s3:::{parameters['Bucket']}/{item['Key']}" for item in parameters["Delete"]["Objects"]]


def _bucket(parameters: Mapping[str, Any], _: Place) -> list[str]:
    return [f"arn:aws:s3:::{parameters['Bucket']}"]


def _queue(parameters: Mapping[str, Any], place: Place) -> list[str]:
    return [place.arn("sqs", urlsplit(parameters["QueueUrl"]).path.rpartition("/")[2])]


def _parameter(parameters: Mapping[str, Any], place: Place) -> list[str]:
    return [place.arn("ssm", f"parameter/{parameters['Name'].lstrip('/')}")]


def _job_queue(parameters: Mapping[str, Any], _: Place) -> list[str]:
    return [parameters["Queue"]]


def _job(parameters: Mapping[str, Any], place: Place) -> list[str]:
    return [place.arn("mediaconvert", f"jobs/{parameters['Id']}")]


def _distribution(parameters: Mapping[str, Any], place: Place) -> list[str]:
    return [f"arn:aws:cloudfront::{place.account}:distribution/{parameters['DistributionId']}"]


def _everything(_: Mapping[str, Any], __: Place) -> list[str]:
    return ["*"]


OPERATIONS: Mapping[str, tuple[str, Resources]] = {
    "s3:GetObject": ("s3:GetObject", _object),
    "s3:HeadObject": ("s3:GetObject", _object),
    "s3:PutObject": ("s3:PutObject", _object),
    "s3:DeleteObject": ("s3:DeleteObject", _object),
    "s3:DeleteObjects": ("s3:DeleteObject", _objects),
    "s3:ListObjectsV2": ("s3:ListBucket", _bucket),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads", _bucket),
    "s3:CreateMultipartUpload": ("s3:PutObject", _object),
    "s3:UploadPart": ("s3:PutObject", _object),
    "s3:CompleteMultipartUpload": ("s3:PutObject", _object),
    "s3:AbortMultipartUpload": ("s3:AbortMultipartUpload", _object),
    "s3:ListParts": ("s3:ListMultipartUploadParts", _object),
    "sqs:SendMessage": ("sqs:SendMessage", _queue),
    "sqs:GetQueueAttributes": ("sqs:GetQueueAttributes", _queue),
    "sqs:ChangeMessageVisibility": ("sqs:ChangeMessageVisibility", _queue),
    "ssm:GetParameter": ("ssm:GetParameter", _parameter),
    "cloudfront:CreateInvalidation": ("cloudfront:CreateInvalidation", _distribution),
    "mediaconvert:CreateJob": ("mediaconvert:CreateJob", _job_queue),
    "mediaconvert:SearchJobs": ("mediaconvert:SearchJobs", _job_queue),
    "mediaconvert:GetJob": ("mediaconvert:GetJob", _job),
    "mediaconvert:CancelJob": ("mediaconvert:CancelJob", _job),
    "mediaconvert:Probe": ("mediaconvert:Probe", _everything),
}


def of_call(role: str, call: Call, place: Place) -> Iterator[Need]:
    """Raises KeyError for an operation that nobody has looked up yet: add it to OPERATIONS."""
    action, resources = OPERATIONS[call.name]
    for resource in resources(call.parameters, place):
        yield Need(role, action, resource, f"{call.operation} of {resource}")
    if call.service == "s3" and call.status == NOT_FOUND and action == "s3:GetObject":
        # Without it S3 answers 403 for a missing key. The engine answers 404 to everybody.
        bucket = f"arn:aws:s3:::{call.parameters['Bucket']}"
        yield Need(role, "s3:ListBucket", bucket, f"404, not 403, for a missing key of {bucket}", enforced=False)
    if "IfMatch" in call.parameters:
        yield Need(role, "s3:GetObject", _object(call.parameters, place)[0], "If-Match compares with what is there")
    if call.name == "mediaconvert:CreateJob":
        passed = (("iam:PassedToService", MEDIACONVERT),)
        yield Need(role, "iam:PassRole", call.parameters["Role"], "CreateJob hands the role on", passed)


def of_log_group(role: str, group_arn: str) -> Iterator[Need]:
    """Lambda writes a function's log in the role's name; the group itself is the template's.

    ("Lambda execution role", AWS Lambda developer guide: AWSLambdaBasicExecutionRole without CreateLogGroup.)
    """
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield Need(
            role, action, f"{group_arn}:log-stream:2026/11/22/[$LATEST]0", "Lambda writes the log", enforced=False
        )


def of_tracing(role: str) -> Iterator[Need]:
    """Lambda sends a traced function's segments in the role's name; X-Ray has no resource level.

    ("Visualize Lambda function invocations using AWS X-Ray", AWS Lambda developer guide: AWSXRayDaemonWriteAccess.)
    """
    for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
        yield Need(role, action, "*", "Lambda sends the trace", enforced=False)


def of_polling(role: str, queue_arn: str) -> Iterator[Need]:
    """Lambda's poller. ("Creating and configuring an Amazon SQS event source mapping", AWS Lambda developer guide.)"""
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        yield Need(role, action, queue_arn, "Lambda polls the queue", enforced=False)


def of_failure_destination(role: str, queue_arn: str) -> Iterator[Need]:
    """("Capturing records of Lambda asynchronous invocations", AWS Lambda developer guide.)"""
    yield Need(role, "sqs:SendMessage", queue_arn, "Lambda reports an event given up", enforced=False)
