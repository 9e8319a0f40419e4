"""Reads the numbers: CloudWatch's where there are any, else what logs, queues and jobs themselves tell."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from bootstrap.names import stage_names
from devstack.contract import aws_clients
from devstack.status.conversions import read_jobs
from devstack.status.function_logs import Activity, read_activity
from devstack.status.metrics import Metrics
from devstack.status.numbers import UNKNOWN, Number
from sstech_video import keys
from sstech_video.entries import Entry, EntryError
from sstech_video.months import Months

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

POOLS_PAGE = 60
READERS = 16
STATUSES = ("uploading", "uploaded", "converting", "ready", "failed")
# Namespaces of the metrics that this system makes: of accounts, and of its functions.
ACCOUNTS = "SStechVideo/Accounts"
OWN = "SStechVideo"
JOB_STATUSES = ("SUBMITTED", "PROGRESSING", "COMPLETE", "ERROR", "CANCELED")
API_FUNCTIONS = ("video-streaming-upload", "video-streaming-library")
FUNCTIONS = (*API_FUNCTIONS, "mediaconvert-trigger", "conversion-complete", "video-streaming-reconciler")
# CloudFront's metrics are in one region, whatever the stage's own.
CLOUDFRONT_REGION = "us-east-1"


def read_status(outputs: Mapping[str, str], now: datetime | None = None) -> list[Number]:
    """The numbers of the running stack or stage that `outputs` describe; counts are of the last 24 hours."""
    reader = _Reader(outputs, now or datetime.now(UTC))
    return [
        *reader.accounts(),
        *reader.queues(),
        *reader.videos(),
        *reader.conversions(),
        *reader.api(),
        *reader.functions(),
        *reader.cdn(),
    ]


class _Reader:
    def __init__(self, outputs: Mapping[str, str], now: datetime) -> None:
        self._outputs = outputs
        self._now = now
        self._suffix = stage_names(outputs["Stage"]).name_suffix
        self._metrics = Metrics(self._client("cloudwatch"), now)
        self._s3 = aws_clients.s3(outputs)
        self._sqs = aws_clients.sqs(outputs)

    def accounts(self) -> Iterator[Number]:
        cognito = aws_clients.user_pools(self._outputs)
        pool = self._outputs["UserPoolId"]
        pages = cognito.get_paginator("list_users").paginate(UserPoolId=pool, PaginationConfig={"PageSize": POOLS_PAGE})
        users = [user for page in pages for user in page["Users"]]
        confirmed = [user["Username"] for user in users if user["UserStatus"] == "CONFIRMED"]
        with ThreadPoolExecutor(READERS) as workers:
            described = list(
                workers.map(lambda name: cognito.admin_get_user(UserPoolId=pool, Username=name), confirmed)
            )
        protected = sum("SOFTWARE_TOKEN_MFA" in user.get("UserMFASettingList", []) for user in described)
        client = {"UserPool": pool, "UserPoolClient": self._outputs["UserPoolClientId"]}
        sign_ins = self._metrics.sum("AWS/Cognito", "SignInSuccesses", client)
        attempts = self._metrics.samples("AWS/Cognito", "SignInSuccesses", client)
        failed = self._metrics.sum(ACCOUNTS, f"FailedSignIns{self._suffix}", {})
        if failed is None and attempts is not None:
            # An attempt that fails is measured as 0.
            failed = attempts - (sign_ins or 0)
        enrolments = self._metrics.sum(ACCOUNTS, f"MfaEnrolments{self._suffix}", {})
        yield Number("accounts", "registered", str(len(users)))
        yield Number("accounts", "confirmed", str(len(confirmed)))
        yield Number("accounts", "with a second factor", str(protected))
        yield Number("accounts", "sign-ins", _whole(sign_ins))
        yield Number("accounts", "failed sign-ins", _whole(failed))
        yield Number("accounts", "MFA enrolments", _whole(enrolments))

    def queues(self) -> Iterator[Number]:
        queue = {"QueueName": self._outputs["TriggerQueueUrl"].rpartition("/")[2]}
        age = self._metrics.maximum("AWS/SQS", "ApproximateAgeOfOldestMessage", queue)
        yield Number("queue", "waiting", self._waiting("TriggerQueueUrl"))
        yield Number("queue", "longest wait, seconds", _whole(age))
        yield Number("queue", "processed", self._count("ConversionsStarted", "ConversionsRefusedByCost"))
        yield Number("queue", "dead letters: uploads", self._waiting("DeadLetterQueueUrl"))
        yield Number("queue", "dead letters: job events", self._waiting("EventDeadLetterQueueUrl"))

    def videos(self) -> Iterator[Number]:
        entries = _entries(self._s3, self._outputs["MediaBucketName"])
        by_status = Counter(entry.status.value for entry in entries)
        minutes = sum(entry.duration_ms or 0 for entry in entries if entry.status.value == "ready") / 60_000
        yield from (Number("videos", status, str(by_status[status])) for status in STATUSES)
        yield Number("videos", "minutes ready to play", f"{minutes:.1f}")
        yield Number("videos", "uploads started", self._count("UploadsStarted"))
        yield Number("videos", "originals deleted", self._count("OriginalsDeleted"))

    def conversions(self) -> Iterator[Number]:
        jobs = read_jobs(aws_clients.mediaconvert(self._outputs), self._outputs["Stage"], self._now)
        for status in JOB_STATUSES:
            yield Number("jobs", status.lower(), str(jobs.by_status[status]) if jobs else UNKNOWN)
        yield Number("jobs", "minutes of outputs", f"{jobs.minutes:.1f}" if jobs else UNKNOWN)
        yield Number("jobs", "events handled", self._count("ConversionsCompleted", "ConversionsFailed"))
        months = Months(self._s3, self._outputs["MediaBucketName"])
        spent = months.read(keys.usage(keys.EVERYBODY, f"{self._now:%Y-%m}")).spent
        yield Number("jobs", "cost this month (estimate)", f"US$ {sum(spent.values()) / 1_000_000:.2f}")

    def api(self) -> Iterator[Number]:
        api = {"ApiName": f"video-streaming-api{self._suffix}", "Stage": "api"}
        calls = self._metrics.sum("AWS/ApiGateway", "Count", api)
        refused = self._metrics.sum("AWS/ApiGateway", "4XXError", api)
        failed = self._metrics.sum("AWS/ApiGateway", "5XXError", api)
        average = self._metrics.average("AWS/ApiGateway", "Latency", api)
        longest = self._metrics.maximum("AWS/ApiGateway", "Latency", api)
        if calls is None:
            behind = [self._activities[name] for name in API_FUNCTIONS]
            answers = sum((one.answers for one in behind), Counter[int]())
            calls = answers.total()
            refused = sum(number for status, number in answers.items() if 400 <= status < 500)
            failed = sum(number for status, number in answers.items() if status >= 500)
            average, longest = _average_and_longest([one for activity in behind for one in activity.durations])
        yield Number("API", "calls", _whole(calls))
        yield Number("API", "refused (4xx)", _whole(refused))
        yield Number("API", "failed (5xx)", _whole(failed))
        yield Number("API", "latency, ms", _latency(average, longest))

    def functions(self) -> Iterator[Number]:
        for function in FUNCTIONS:
            name = {"FunctionName": f"{function}{self._suffix}"}
            calls = self._metrics.sum("AWS/Lambda", "Invocations", name)
            errors = self._metrics.sum("AWS/Lambda", "Errors", name)
            throttles = self._metrics.sum("AWS/Lambda", "Throttles", name)
            average = self._metrics.average("AWS/Lambda", "Duration", name)
            longest = self._metrics.maximum("AWS/Lambda", "Duration", name)
            if calls is None:
                activity = self._activities[function]
                calls, errors = len(activity.durations), activity.failures
                average, longest = _average_and_longest(activity.durations)
            told = f"{_whole(calls)} calls, {_whole(errors)} errors, {_whole(throttles)} throttled"
            yield Number("functions", function, told)
            yield Number("functions", f"{function}, ms", _latency(average, longest))

    def cdn(self) -> Iterator[Number]:
        dimensions = {"DistributionId": self._outputs.get("DistributionId", "none"), "Region": "Global"}
        metrics = Metrics(self._client("cloudwatch", region=CLOUDFRONT_REGION), self._now)
        sent = metrics.sum("AWS/CloudFront", "BytesDownloaded", dimensions)
        yield Number("CDN", "requests", _whole(metrics.sum("AWS/CloudFront", "Requests", dimensions)))
        yield Number("CDN", "megabytes sent", _whole(None if sent is None else sent / 1_000_000))

    @cached_property
    def _activities(self) -> dict[str, Activity]:
        """The functions' logs: read where CloudWatch has no numbers."""
        logs = aws_clients.logs(self._outputs)
        names = [f"{name}{self._suffix}" for name in FUNCTIONS]
        with ThreadPoolExecutor(len(FUNCTIONS)) as pool:
            found = pool.map(lambda name: read_activity(logs, name, self._now), names)
            return dict(zip(FUNCTIONS, found, strict=True))

    def _count(self, *metrics: str) -> str:
        """How often the functions counted one of these."""
        measured = [
            self._metrics.sum(OWN, metric, {"service": f"{function}{self._suffix}"})
            for metric in metrics
            for function in FUNCTIONS
        ]
        if any(one is not None for one in measured):
            return _whole(sum(one or 0 for one in measured))
        return str(sum(one.counts[metric] for one in self._activities.values() for metric in metrics))

    def _waiting(self, output: str) -> str:
        names: Any = ["ApproximateNumberOfMessages"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._outputs[output], AttributeNames=names)["Attributes"]
        return str(attributes["ApproximateNumberOfMessages"])

    def _client(self, service: str, endpoint: str = "AwsEndpointUrl", *, region: str | None = None) -> Any:
        make: Callable[..., Any] = boto3.client
        arguments = aws_clients.client_arguments(self._outputs, endpoint)
        return make(service, **{**arguments, "region_name": region or arguments["region_name"]})


def _average_and_longest(durations: list[float]) -> tuple[float | None, float | None]:
    return (statistics.fmean(durations), max(durations)) if durations else (None, None)


def _latency(average: float | None, longest: float | None) -> str:
    return UNKNOWN if average is None else f"{_whole(average)} average, {_whole(longest)} longest"


def _whole(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:.0f}"


def _entries(s3: S3Client, bucket: str) -> list[Entry]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=keys.CATALOG)
    names = [item["Key"] for page in pages for item in page.get("Contents", [])]
    with ThreadPoolExecutor(READERS) as pool:
        return [entry for entry in pool.map(lambda key: _entry(s3, bucket, key), names) if entry]


def _entry(s3: S3Client, bucket: str, key: str) -> Entry | None:
    """None for one that was deleted meanwhile, or that nobody can read."""
    try:
        return Entry.from_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except (EntryError, s3.exceptions.NoSuchKey):
        return None
