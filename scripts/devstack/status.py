"""`dev.py status`: the dashboard's numbers in the terminal, of the local stack or of a deployed stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from rich.table import Table

from bootstrap.names import stage_names
from devstack import aws_clients
from sstech_video.entries import Entry, EntryError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_s3 import S3Client

WINDOW = timedelta(hours=24)
POOLS_PAGE = 60
STATUSES = ("uploading", "uploaded", "converting", "ready", "failed")
FUNCTIONS = ("video-streaming-upload", "video-streaming-library", "mediaconvert-trigger", "conversion-complete")


@dataclass(frozen=True, slots=True)
class Number:
    """A line of the table; `value` is "-" where the engine does not measure it."""

    group: str
    name: str
    value: str


def read_status(outputs: Mapping[str, str], now: datetime | None = None) -> list[Number]:
    """The numbers of the running stack or stage that `outputs` describe; counts are of the last 24 hours."""
    reader = _Reader(outputs, now or datetime.now(UTC))
    return [*reader.accounts(), *reader.queues(), *reader.videos(), *reader.functions(), *reader.delivery()]


def status_table(numbers: list[Number]) -> Table:
    table = Table("", "number", "now, or in the last 24 hours", title="Status", title_justify="left")
    former = ""
    for number in numbers:
        table.add_row("" if number.group == former else number.group, number.name, number.value)
        former = number.group
    return table


class _Reader:
    def __init__(self, outputs: Mapping[str, str], now: datetime) -> None:
        self._outputs = outputs
        self._now = now
        self._suffix = stage_names(outputs["Stage"]).name_suffix
        self._cloudwatch: CloudWatchClient = self._client("cloudwatch")

    def accounts(self) -> list[Number]:
        cognito = self._client("cognito-idp", "CognitoEndpointUrl")
        pool = self._outputs["UserPoolId"]
        pages = cognito.get_paginator("list_users").paginate(UserPoolId=pool, PaginationConfig={"PageSize": POOLS_PAGE})
        users = Counter(user["UserStatus"] for page in pages for user in page["Users"])
        client = {"UserPool": pool, "UserPoolClient": self._outputs["UserPoolClientId"]}
        failed = f"FailedSignIns{self._suffix}"
        enrolled = f"MfaEnrolments{self._suffix}"
        return [
            Number("accounts", "registered", str(sum(users.values()))),
            Number("accounts", "confirmed", str(users["CONFIRMED"])),
            Number("accounts", "sign-ins", self._sum("AWS/Cognito", "SignInSuccesses", client)),
            Number("accounts", "failed sign-ins", self._sum("SStechVideo/Accounts", failed, {})),
            Number("accounts", "MFA enrolments", self._sum("SStechVideo/Accounts", enrolled, {})),
        ]

    def queues(self) -> list[Number]:
        sqs = aws_clients.sqs(self._outputs)

        def waiting(url: str) -> str:
            names: Any = ["ApproximateNumberOfMessages"]
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return str(attributes["ApproximateNumberOfMessages"])

        queue = {"QueueName": self._outputs["TriggerQueueUrl"].rpartition("/")[2]}
        return [
            Number("queue", "waiting", waiting(self._outputs["TriggerQueueUrl"])),
            Number("queue", "processed", self._sum("AWS/SQS", "NumberOfMessagesDeleted", queue)),
            Number("queue", "dead letters", waiting(self._outputs["DeadLetterQueueUrl"])),
        ]

    def videos(self) -> list[Number]:
        s3 = aws_clients.s3(self._outputs)
        entries = _entries(s3, self._outputs["MediaBucketName"])
        by_status = Counter(entry.status.value for entry in entries)
        minutes = sum(entry.duration_ms or 0 for entry in entries if entry.status.value == "ready") / 60_000
        rule = {"RuleName": f"conversion-complete{self._suffix}"}
        return [
            *(Number("videos", status, str(by_status[status])) for status in STATUSES),
            Number("videos", "minutes ready to play", f"{minutes:.1f}"),
            Number("videos", "conversion-complete events", self._sum("AWS/Events", "MatchedEvents", rule)),
        ]

    def functions(self) -> list[Number]:
        numbers = []
        for function in FUNCTIONS:
            name = {"FunctionName": f"{function}{self._suffix}"}
            calls = self._sum("AWS/Lambda", "Invocations", name)
            errors = self._sum("AWS/Lambda", "Errors", name)
            throttles = self._sum("AWS/Lambda", "Throttles", name)
            numbers.append(Number("functions", function, f"{calls} calls, {errors} errors, {throttles} throttled"))
        return numbers

    def delivery(self) -> list[Number]:
        api = {"ApiName": f"video-streaming-api{self._suffix}", "Stage": "api"}
        return [
            Number("API", "calls", self._sum("AWS/ApiGateway", "Count", api)),
            Number("API", "server errors", self._sum("AWS/ApiGateway", "5XXError", api)),
        ]

    def _sum(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> str:
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self._now - WINDOW,
            EndTime=self._now,
            Period=3600,
            Statistics=["Sum"],
        )
        points = answer["Datapoints"]
        return f"{sum(point['Sum'] for point in points):.0f}" if points else "-"

    def _client(self, service: str, endpoint: str = "AwsEndpointUrl") -> Any:
        make: Callable[..., Any] = boto3.client
        return make(service, **aws_clients.client_arguments(self._outputs, endpoint))


def _entries(s3: S3Client, bucket: str) -> list[Entry]:
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="catalog/"):
        for item in page.get("Contents", []):
            try:
                found.append(Entry.from_json(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()))
            except EntryError:
                continue
    return found
