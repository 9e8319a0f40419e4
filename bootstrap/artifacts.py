"""The artefact bucket: one per account and region, made before any stack, for zips and templates."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bootstrap.packaging import Package

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

NOT_FOUND = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})
# S3 wants no location constraint for its first region and refuses this one.
FIRST_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class ArtefactBucket:
    """Where CloudFormation and Lambda fetch what is deployed. Keys carry a hash of what they hold."""

    s3: "S3Client"
    account_id: str
    region: str

    @property
    def name(self) -> str:
        return f"sstech-video-artifacts-{self.account_id}-{self.region}"

    def create(self) -> None:
        """Creates the bucket, private, if it is not there."""
        if _exists(lambda: self.s3.head_bucket(Bucket=self.name)):
            return
        if self.region == FIRST_REGION:
            self.s3.create_bucket(Bucket=self.name)
        else:
            location: BucketLocationConstraintType = self.region  # type: ignore[assignment]  # the caller's choice
            self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": location})
        self.s3.put_public_access_block(
            Bucket=self.name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    def add_package(self, package: Package) -> None:
        """Uploads the functions' zip unless it is there."""
        self._add(package.key, package.path.read_bytes())

    def add_template(self, text: str) -> str:
        """Uploads a template unless it is there; returns its URL for CloudFormation."""
        key = f"templates/{hashlib.sha256(text.encode()).hexdigest()}.yaml"
        self._add(key, text.encode())
        return f"{self.s3.meta.endpoint_url}/{self.name}/{key}"

    def _add(self, key: str, body: bytes) -> None:
        if not _exists(lambda: self.s3.head_object(Bucket=self.name, Key=key)):
            self.s3.put_object(Bucket=self.name, Key=key, Body=body)


def _exists(head: Callable[[], object]) -> bool:
    try:
        head()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        raise
    return True
