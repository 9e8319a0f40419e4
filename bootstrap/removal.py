"""Removes a stage from an account: everything it made but what is marked to be kept."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bootstrap.artifacts import NOT_FOUND
from bootstrap.cloud import Stage, Teller, artefacts_of
from bootstrap.errors import DeploymentError
from bootstrap.rotation import rotation_parameters
from bootstrap.signing_key import SLOTS, delete_parameter, forget_private_half
from bootstrap.stack import POLL_SECONDS, delete_stack, find_stack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Buckets that go with the stack; the main bucket stays.
EMPTIED = ("SiteBucket", "TempBucket", "LogBucket")
KEPT = {"MediaBucket": "videos", "UserPool": "accounts"}
# S3 takes up to 1,000 keys in one DeleteObjects.
KEYS_PER_CALL = 1000
# Access logs of the emptying itself may still arrive.
TRIES = 4
STACK_PREFIX = "sstech-video-"


def destroy_stage(stage: Stage, teller: Teller) -> dict[str, str]:
    """Removes the stage; returns what was kept, by what it holds. Safe to repeat after an interruption.

    Raises:
        DeploymentError: something could not be deleted; the message says what.
    """
    account = stage.account
    kept: dict[str, str] = {}
    if find_stack(account.cloudformation, stage.names.stack) is not None:
        resources = _physical_ids(stage)
        kept = {KEPT[name]: resources[name] for name in KEPT if name in resources}
        _delete(stage, [resources[name] for name in EMPTIED if name in resources], teller)
    teller.say("Deleting the signing keys")
    prefix = f"/{stage.names.signing_key_parameter}"
    for slot in SLOTS:
        forget_private_half(account.ssm, prefix, slot)
    for name in rotation_parameters(prefix):
        delete_parameter(account.ssm, name)
    if not _other_stages(stage):
        teller.say("Deleting the artefact bucket")
        _delete_bucket(account.s3, artefacts_of(account).name)
    return kept


def empty_bucket(s3: "S3Client", bucket: str) -> None:
    """Deletes every object, version and unfinished upload; a bucket that is not there is empty."""
    if not _exists(s3, bucket):
        return
    for upload in _unfinished(s3, bucket):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload[0], UploadId=upload[1])
    keys = (
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    )
    for some in _batches(keys):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True})


def _delete(stage: Stage, buckets: list[str], teller: Teller) -> None:
    for attempt in range(1, TRIES + 1):
        teller.say("Emptying the buckets")
        for bucket in buckets:
            empty_bucket(stage.account.s3, bucket)
        teller.say("Deleting the stack")
        try:
            delete_stack(
                stage.account.cloudformation,
                stage.names.stack,
                poll=POLL_SECONDS[stage.pace],
                audience=teller.audience,
            )
        except DeploymentError as error:
            if "not empty" not in str(error) or attempt == TRIES:
                raise
        else:
            return


def _physical_ids(stage: Stage) -> dict[str, str]:
    pages = stage.account.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stage.names.stack)
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    }


def _other_stages(stage: Stage) -> bool:
    pages = stage.account.cloudformation.get_paginator("describe_stacks").paginate()
    return any(stack["StackName"].startswith(STACK_PREFIX) for page in pages for stack in page["Stacks"])


def _delete_bucket(s3: "S3Client", bucket: str) -> None:
    if _exists(s3, bucket):
        empty_bucket(s3, bucket)
        s3.delete_bucket(Bucket=bucket)


def _exists(s3: "S3Client", bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        raise
    return True


def _unfinished(s3: "S3Client", bucket: str) -> list[tuple[str, str]]:
    return [
        (upload["Key"], upload["UploadId"])
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
        for upload in page.get("Uploads", [])
    ]


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == KEYS_PER_CALL:
            yield batch
            batch = []
    if batch:
        yield batch
