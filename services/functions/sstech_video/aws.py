"""One client per service and container.

Which endpoint a client talks to is the AWS SDK's own affair (`AWS_ENDPOINT_URL` and its siblings). Only
pre-signed URLs can be told otherwise, because there the browser's name for S3 counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

MAX_CONNECTIONS = 16

# Path style, because neither `localhost` nor a bucket name with dots works as a virtual host; regional, so that a
# fresh bucket needs no redirect; checksums only when S3 asks, because a pre-signed URL cannot know the body.
_S3 = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=MAX_CONNECTIONS,
)

# S3 may take minutes to assemble parts, and a second try meanwhile helps nobody.
_S3_ASSEMBLY = _S3.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=600))

# A service that hangs is given up before the time limit of the function that asks.
_DEFAULT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=15)


@cache
def s3() -> S3Client:
    """S3 as the function reaches it."""
    return boto3.client("s3", config=_S3)


@cache
def assembling_s3() -> S3Client:
    """S3 for CompleteMultipartUpload alone: patient, and never repeated by itself."""
    return boto3.client("s3", config=_S3_ASSEMBLY)


@cache
def public_s3(endpoint_url: str | None) -> S3Client:
    """S3 as the browser reaches it: for pre-signing only."""
    return s3() if endpoint_url is None else boto3.client("s3", config=_S3, endpoint_url=endpoint_url)


@cache
def mediaconvert() -> MediaConvertClient:
    return boto3.client("mediaconvert", config=_DEFAULT)


@cache
def hasty_mediaconvert(read_timeout: int) -> MediaConvertClient:
    """MediaConvert for callers who have a way of their own to ask again later: one try, of so many seconds at most."""
    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=read_timeout)
    return boto3.client("mediaconvert", config=_DEFAULT.merge(once))


@cache
def cloudfront() -> CloudFrontClient:
    return boto3.client("cloudfront", config=_DEFAULT)


@cache
def sqs() -> SQSClient:
    return boto3.client("sqs", config=_DEFAULT)


@cache
def ssm() -> SSMClient:
    return boto3.client("ssm", config=_DEFAULT)


def error_code(error: ClientError) -> str:
    """The service's own word for what went wrong, e.g. `NoSuchKey`; HEAD requests give the status alone."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def ignoring(*codes: str) -> Iterator[None]:
    """Pass over the given service errors: what was to be done is done already."""
    try:
        yield
    except ClientError as error:
        if error_code(error) not in codes:
            raise
