"""The TLS-only statements of the policies are off locally; here they are put in place and speak for themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .proof import RESOURCES
from .world import World

POLICIES = {
    "SiteBucketPolicy": "SiteBucketName",
    "MediaBucketPolicy": "MediaBucketName",
    "TempBucketPolicy": "TempBucketName",
}


def tls_only(policy: str) -> dict[str, Any]:
    """The statement as the template has it, its ARNs resolved for a local engine."""
    found = [
        one["If"][1] if "If" in one else one for one in RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    ]
    (statement,) = [one for one in found if one.get("Sid") == "TlsOnly"]
    arns = [
        one["Sub"].replace("${AWS::Partition}", "aws").replace("${BucketSuffix}", "") for one in statement["Resource"]
    ]
    return {**statement, "Resource": arns}


@pytest.fixture(params=POLICIES, ids=str)
def bucket(request: pytest.FixtureRequest, world: World) -> Iterator[str]:
    """A bucket under its TLS-only statement."""
    name = world.outputs[POLICIES[request.param]]
    policy = {"Version": "2012-10-17", "Statement": [tls_only(request.param)]}
    world.s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    yield name
    world.s3.delete_bucket_policy(Bucket=name)


def test_without_tls_not_even_the_reconciler_lists_a_bucket(bucket: str, world: World) -> None:
    with pytest.raises(ClientError) as caught:
        world.client("s3", "ReconcilerRole").list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "explicit deny" in caught.value.response["Error"]["Message"]


def test_without_the_policy_it_does(world: World) -> None:
    assert world.client("s3", "ReconcilerRole").list_objects_v2(Bucket=world.outputs["MediaBucketName"])
