"""Everything a role might try, right or wrong: each S3 action on each kind of object, and what else an account has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from sstech_video import keys

from .policies import Need
from .world import World

OWNER, VIDEO_ID, UPLOAD_ID = "6d0c3f0e-0000-4000-8000-000000000001", "7zzzzzzzzz0123456789", "0" * 32
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})

Clients = Callable[[str], Any]
"""A client of the role for a service."""


@dataclass(frozen=True)
class Area:
    """A kind of object: the bucket's output, one key of that kind and the pattern of all of them."""

    name: str
    bucket: str
    key: str
    pattern: str


ATTEMPT = keys.attempt(OWNER, VIDEO_ID, 1)
AREAS = (
    Area("originals", "TempBucketName", keys.original(OWNER, VIDEO_ID, "mp4"), "uploads/.*"),
    Area("marks of unfinished work", "TempBucketName", keys.pending(VIDEO_ID), "pending/.*"),
    Area("rest of the temporary bucket", "TempBucketName", "elsewhere", "(?!uploads/|pending/).*"),
    Area("catalog", "MediaBucketName", keys.catalog(OWNER, VIDEO_ID), "catalog/.*"),
    Area("usage", "MediaBucketName", keys.usage(OWNER, "2026-11"), "usage/.*"),
    Area("tombstones", "MediaBucketName", keys.tombstone(OWNER, VIDEO_ID), "deleted/.*"),
    Area("MP4", "MediaBucketName", ATTEMPT + keys.MP4_NAME, f"media/.*/{keys.MP4_NAME}"),
    Area("index of thumbnails", "MediaBucketName", ATTEMPT + keys.WEBVTT_NAME, f"media/.*/{keys.WEBVTT_NAME}"),
    Area("other outputs", "MediaBucketName", ATTEMPT + keys.POSTER_NAME, "media/.*"),
    Area("rest of the main bucket", "MediaBucketName", "elsewhere", ".*"),
    Area("site", "SiteBucketName", "index.html", ".*"),
)

ON_OBJECTS: Mapping[str, Callable[[Any, Mapping[str, str]], object]] = {
    "s3:GetObject": lambda s3, at: s3.get_object(**at),
    "s3:PutObject": lambda s3, at: s3.put_object(**at, Body=b""),
    "s3:DeleteObject": lambda s3, at: s3.delete_object(**at),
    "s3:GetObjectTagging": lambda s3, at: s3.get_object_tagging(**at),
    "s3:PutObjectTagging": lambda s3, at: s3.put_object_tagging(**at, Tagging={"TagSet": []}),
    "s3:AbortMultipartUpload": lambda s3, at: s3.abort_multipart_upload(**at, UploadId=UPLOAD_ID),
    "s3:ListMultipartUploadParts": lambda s3, at: s3.list_parts(**at, UploadId=UPLOAD_ID),
}
ON_BUCKETS: Mapping[str, Callable[[Any, str], object]] = {
    "s3:ListBucket": lambda s3, bucket: s3.list_objects_v2(Bucket=bucket),
    "s3:ListBucketMultipartUploads": lambda s3, bucket: s3.list_multipart_uploads(Bucket=bucket),
    "s3:GetBucketPolicy": lambda s3, bucket: s3.get_bucket_policy(Bucket=bucket),
    "s3:DeleteBucketPolicy": lambda s3, bucket: s3.delete_bucket_policy(Bucket=bucket),
    "s3:PutBucketPublicAccessBlock": lambda s3, bucket: s3.delete_public_access_block(Bucket=bucket),
    "s3:DeleteBucket": lambda s3, bucket: s3.delete_bucket(Bucket=bucket),
}
ON_QUEUES: Mapping[str, Callable[[Any, str], object]] = {
    "sqs:SendMessage": lambda sqs, url: sqs.send_message(QueueUrl=url, MessageBody="{}"),
    "sqs:ReceiveMessage": lambda sqs, url: sqs.receive_message(QueueUrl=url),
    "sqs:ChangeMessageVisibility": lambda sqs, url: sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle="x", VisibilityTimeout=0
    ),
    "sqs:GetQueueAttributes": lambda sqs, url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
    "sqs:PurgeQueue": lambda sqs, url: sqs.purge_queue(QueueUrl=url),
}


@dataclass(frozen=True)
class Attempt:
    """One call. `area` is the kind of thing it is about, which is what a need is compared by."""

    action: str
    area: str
    call: Callable[[Clients], object]

    def is_denied(self, clients: Clients) -> bool:
        """Any other refusal (there is no such object, say) comes after the permission."""
        try:
            self.call(clients)
        except ClientError as error:
            return error.response["Error"]["Code"] in DENIED
        return False


def area_of(need: Need, world: World) -> str:
    """What an attempt about the same thing calls it."""
    if not need.resource.startswith("arn:aws:s3:::"):
        return need.resource
    bucket, _, key = need.resource.removeprefix("arn:aws:s3:::").partition("/")
    if not key:
        return bucket
    return next(area.name for area in AREAS if world.outputs[area.bucket] == bucket and re.fullmatch(area.pattern, key))


def attempts(world: World) -> Iterator[Attempt]:
    yield from _on_objects(world)
    for name in ("SiteBucketName", "MediaBucketName", "TempBucketName"):
        for action, call in ON_BUCKETS.items():
            bucket = world.outputs[name]
            yield Attempt(action, bucket, lambda client, call=call, bucket=bucket: call(client("s3"), bucket))
    for url in world.client("sqs").list_queues()["QueueUrls"]:
        arn = world.place.arn("sqs", url.rpartition("/")[2])
        for action, call in ON_QUEUES.items():
            yield Attempt(action, arn, lambda client, call=call, url=url: call(client("sqs"), url))
    yield from _on_the_rest(world)


def _on_objects(world: World) -> Iterator[Attempt]:
    for area in AREAS:
        at = {"Bucket": world.outputs[area.bucket], "Key": area.key}
        for action, call in ON_OBJECTS.items():
            yield Attempt(action, area.name, lambda client, call=call, at=at: call(client("s3"), at))


def _on_the_rest(world: World) -> Iterator[Attempt]:
    parameter = world.functions["LibraryFunction"].environment["SIGNING_KEY_PARAMETER"]
    for name in (parameter, "/somebody/elses"):
        yield Attempt(
            "ssm:GetParameter",
            world.place.arn("ssm", f"parameter{name}"),
            lambda client, name=name: client("ssm").get_parameter(Name=name),
        )
    distribution = world.functions["LibraryFunction"].environment["DISTRIBUTION_ID"]
    paths = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "mine"}
    yield Attempt(
        "cloudfront:CreateInvalidation",
        f"arn:aws:cloudfront::{world.place.account}:distribution/{distribution}",
        lambda client: client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=paths),
    )
    function = world.functions["UploadFunction"].name
    elsewhere: Mapping[str, Callable[[Clients], object]] = {
        "ssm:PutParameter": lambda of: of("ssm").put_parameter(Name=parameter, Value="x", Overwrite=True),
        "sns:Publish": lambda of: of("sns").publish(TopicArn=world.outputs["UploadTopicArn"], Message="{}"),
        "lambda:InvokeFunction": lambda of: of("lambda").invoke(FunctionName=function, Payload=b"{}"),
        "lambda:GetFunction": lambda of: of("lambda").get_function(FunctionName=function),
        "lambda:DeleteFunction": lambda of: of("lambda").delete_function(FunctionName=function),
        "iam:PutRolePolicy": lambda of: of("iam").put_role_policy(
            RoleName=world.roles["UploadRole"], PolicyName="mine", PolicyDocument='{"Statement": []}'
        ),
        "iam:CreateUser": lambda of: of("iam").create_user(UserName="mine"),
        "sts:AssumeRole": lambda of: of("sts").assume_role(
            RoleArn=f"arn:aws:iam::{world.place.account}:role/{world.roles['ConversionRole']}", RoleSessionName="mine"
        ),
        "cognito-idp:ListUsers": lambda of: of("cognito-idp").list_users(UserPoolId=world.outputs["UserPoolId"]),
        "events:PutEvents": lambda of: of("events").put_events(
            Entries=[{"Source": "mine", "DetailType": "x", "Detail": "{}"}]
        ),
        "cloudformation:DescribeStacks": lambda of: of("cloudformation").describe_stacks(),
        "s3:ListAllMyBuckets": lambda of: of("s3").list_buckets(),
        "logs:DescribeLogGroups": lambda of: of("logs").describe_log_groups(),
        "secretsmanager:ListSecrets": lambda of: of("secretsmanager").list_secrets(),
        "dynamodb:ListTables": lambda of: of("dynamodb").list_tables(),
    }
    for action, call in elsewhere.items():
        yield Attempt(action, "", call)
