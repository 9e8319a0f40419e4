"""The artefact bucket: one per account and region, made before any stack, for zips and templates."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

NOT_FOUND = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})
# S3 wants no location constraint for its first region and refuses this one.
FIRST_REGION = "us-east-1"


def ensure_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    """Creates `bucket`, private, if it is not there."""
    if _exists(lambda: s3.head_bucket(Bucket=bucket)):
        return
    if region == FIRST_REGION:
        s3.create_bucket(Bucket=bucket)
    else:
        location: BucketLocationConstraintType = region  # type: ignore[assignment]  # the region the caller chose
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": location})
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def ensure_object(s3: "S3Client", bucket: str, key: str, body: bytes) -> None:
    """Puts `body` under `key` unless it is there; keys carry a hash of what they hold, so that is enough."""
    if not _exists(lambda: s3.head_object(Bucket=bucket, Key=key)):
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def _exists(head: Callable[[], object]) -> bool:
    try:
        head()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        raise
    return True
