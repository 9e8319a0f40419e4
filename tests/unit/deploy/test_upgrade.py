"""A stage of an earlier release gets today's template: nothing that holds people's data is replaced."""

from pathlib import Path

from deploy_harness import Emulated, Watcher

from bootstrap.changes import STATEFUL_TYPES
from bootstrap.cloud import Stage
from bootstrap.stack import Definition

FIRST_RELEASE = Path(__file__).with_name("first_release.yaml")


def deploy_first_release(stage: Stage) -> dict[str, str]:
    """Physical ids of what it made, by logical id."""
    stage.artefacts.create()
    url = stage.artefacts.add_template(FIRST_RELEASE.read_text("utf-8"))
    names = {"NameSuffix": stage.names.name_suffix, "BucketSuffix": stage.names.bucket_suffix, "Stage": stage.name}
    stage.apply(Definition(url, names, tags=stage.tags), Watcher().teller)
    return physical_ids(stage)


def physical_ids(stage: Stage) -> dict[str, str]:
    """Of what holds people's data."""
    pages = stage.account.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stage.names.stack)
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] in STATEFUL_TYPES
    }


def test_a_stage_of_the_first_release_keeps_its_accounts_and_videos(emulated: Emulated, throwaway: str) -> None:
    stage = emulated.stage(throwaway)
    before = deploy_first_release(stage)
    s3, pools = emulated.account.s3, emulated.account.client("cognito-idp")
    s3.put_object(Bucket=before["MediaBucket"], Key="catalog/owner/video.json", Body=b"{}")
    pools.admin_create_user(UserPoolId=before["UserPool"], Username="ana@example.com", MessageAction="SUPPRESS")
    watcher = Watcher()

    outputs = emulated.deploy(throwaway, watcher)

    touched = [change for change in watcher.changes if change.logical_id in before]
    assert touched
    assert [change for change in touched if change.action != "Modify" or change.loses_data] == []
    assert physical_ids(stage) == before
    assert (outputs["MediaBucketName"], outputs["UserPoolId"], outputs["UserPoolClientId"]) == (
        before["MediaBucket"],
        before["UserPool"],
        before["UserPoolClient"],
    )
    assert s3.get_object(Bucket=before["MediaBucket"], Key="catalog/owner/video.json")["Body"].read() == b"{}"
    assert [user["Username"] for user in pools.list_users(UserPoolId=before["UserPool"])["Users"]]
