"""What a destroyed stage leaves behind on purpose, and how the next deployment of it takes that over again."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from bootstrap.account import Account
from bootstrap.artifacts import NOT_FOUND
from bootstrap.errors import DeploymentError
from bootstrap.names import StageNames
from bootstrap.parsing import parse_template

POOLS_PER_PAGE = 60
MEDIA_BUCKET = "MediaBucket"
USER_POOL = "UserPool"
# Refers to a bucket that the first, adopting change set does not have yet; the deployment after it puts it back.
NOT_ADOPTED = ("LoggingConfiguration",)


@dataclass(frozen=True, slots=True)
class Kept:
    """Videos and accounts of an earlier stack of this stage; None where there are none."""

    media_bucket: str | None
    user_pool_id: str | None

    def imports(self) -> tuple[dict[str, Any], ...]:
        """For a change set of type IMPORT."""
        found = []
        if self.media_bucket:
            found.append(_import(MEDIA_BUCKET, "AWS::S3::Bucket", "BucketName", self.media_bucket))
        if self.user_pool_id:
            found.append(_import(USER_POOL, "AWS::Cognito::UserPool", "UserPoolId", self.user_pool_id))
        return tuple(found)


def find_kept(account: Account, names: StageNames) -> Kept:
    """Raises: DeploymentError: two user pools have the stage's name, and only their owner knows which is whose."""
    bucket = f"video-streaming-media{names.bucket_suffix}"
    name = f"video-streaming-users{names.name_suffix}"
    pages = account.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=POOLS_PER_PAGE)
    pools = [pool["Id"] for page in pages for pool in page["UserPools"] if pool["Name"] == name]
    if len(pools) > 1:
        raise DeploymentError(
            f"{len(pools)} user pools are named {name}: {', '.join(pools)}. Delete or rename those whose accounts "
            "are not wanted in the console of Cognito, then deploy again."
        )
    return Kept(bucket if _is_ours(account, bucket) else None, pools[0] if pools else None)


def adopting_template(rendered: str, kept: Kept) -> str:
    """The template with nothing but the kept resources in it: what CloudFormation wants for an import."""
    template = parse_template(rendered)
    resources = {}
    for one in kept.imports():
        resource = dict(template["Resources"][one["LogicalResourceId"]])
        resource["Properties"] = {
            name: value for name, value in resource["Properties"].items() if name not in NOT_ADOPTED
        }
        resources[one["LogicalResourceId"]] = resource
    kept_sections = {name: template[name] for name in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
    return json.dumps({**kept_sections, "Resources": resources}, indent=1)


def _import(logical_id: str, resource_type: str, key: str, value: str) -> dict[str, Any]:
    return {"ResourceType": resource_type, "LogicalResourceId": logical_id, "ResourceIdentifier": {key: value}}


def _is_ours(account: Account, bucket: str) -> bool:
    try:
        account.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.account_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        if error.response["Error"]["Code"] in ("403", "AccessDenied"):
            raise DeploymentError(
                f"The bucket {bucket} belongs to somebody else, or these credentials may not look at it. "
                "Deploy another stage, or use the deployer's policy."
            ) from error
        raise
    return True
