"""The deploy program against an emulated AWS: a stage's whole life, and what goes wrong in the middle of it."""

import json
import re

import pytest
import requests
from botocore.exceptions import ClientError
from deploy_harness import BUILD, Emulated, Watcher

from bootstrap import cloud
from bootstrap.cloud import Stage, deploy_functions, deploy_site
from bootstrap.errors import BootstrapError, DeclinedError, DeploymentError
from bootstrap.packaging import Package, package_functions
from bootstrap.removal import destroy_stage
from bootstrap.site import CACHE_FOREVER
from bootstrap.stack import ResourceEvent, find_stack

FUNCTIONS = ("Upload", "Library", "Trigger", "ConversionComplete", "Reconciler")


@pytest.fixture(scope="module")
def stage(emulated: Emulated) -> Stage:
    emulated.deploy("one")
    return emulated.stage("one")


def code_of_functions(stage: Stage) -> set[str]:
    names = re.compile(r"(video-streaming|mediaconvert-trigger|conversion-complete|reconciler).*-one")
    pages = stage.account.functions.get_paginator("list_functions").paginate()
    found = [one for page in pages for one in page["Functions"] if names.fullmatch(one["FunctionName"])]
    assert len(found) == len(FUNCTIONS)
    return {one["CodeSha256"] for one in found}


def test_a_first_deployment_shows_every_resource_and_reports_its_progress(emulated: Emulated, throwaway: str) -> None:
    watcher = Watcher()

    outputs = emulated.deploy(throwaway, watcher)

    assert {change.action for change in watcher.changes} == {"Add"}
    pages = emulated.account.cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=emulated.stage(throwaway).names.stack
    )
    present = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    assert present <= {change.logical_id for change in watcher.changes}
    assert present <= {event.logical_id for event in watcher.events if event.status == "CREATE_COMPLETE"}
    assert outputs["SiteUrl"].startswith("https://")
    assert outputs["MediaBucketName"] == f"video-streaming-media-000000000000-us-east-1-{throwaway}"


def test_deploying_again_without_a_change_asks_nothing_and_changes_nothing(emulated: Emulated, stage: Stage) -> None:
    watcher = Watcher(approves=False)
    before = stage.outputs()

    assert emulated.deploy("one", watcher) == before
    assert watcher.changes == []
    assert watcher.events == []


def test_what_a_person_chose_stays_from_one_deployment_to_the_next(emulated: Emulated, stage: Stage) -> None:
    emulated.deploy("one", SignUp="open", LogRetentionDays="7")
    emulated.deploy("one")

    assert (stage.parameters()["SignUp"], stage.parameters()["LogRetentionDays"]) == ("open", "7")


def test_an_unknown_parameter_is_refused_with_the_known_ones(emulated: Emulated) -> None:
    with pytest.raises(BootstrapError, match=r"SignIn cannot be set.*SignUp"):
        emulated.deploy("one", SignIn="open")
    with pytest.raises(BootstrapError, match="CodeKey cannot be set"):
        emulated.deploy("one", CodeKey="x")


def test_new_code_reaches_every_function_and_nothing_else(
    emulated: Emulated, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_of_functions(stage)
    package = package_functions(BUILD)
    other = BUILD / "other-functions.zip"
    other.write_bytes(package.path.read_bytes() + b"\0")
    monkeypatch.setattr(cloud, "package_functions", lambda _build: Package(other, "0" * 64))
    watcher = Watcher()

    deploy_functions(stage, BUILD, watcher.teller)

    assert {change.action for change in watcher.changes} == {"Modify"}
    # What refers to a function is listed too, for CloudFormation cannot know yet that its name stays.
    changed = {change.logical_id for change in watcher.changes if "Code" in change.details}
    assert changed == {f"{name}Function" for name in FUNCTIONS}
    assert code_of_functions(stage).isdisjoint(before)
    monkeypatch.undo()
    other.unlink()
    emulated.deploy("one")
    assert code_of_functions(stage) == before


def test_the_site_alone_is_uploaded_and_only_what_changed_is_forgotten(emulated: Emulated, stage: Stage) -> None:
    page = emulated.site / "index.html"
    former = page.read_text()
    page.write_text("<!doctype html><title>changed</title>")

    outputs = deploy_site(stage, emulated.site, Watcher().teller)

    page.write_text(former)
    script = stage.account.s3.head_object(Bucket=outputs["SiteBucketName"], Key="assets/page-1a2b3c4d.js")
    assert (script["ContentType"], script["CacheControl"]) == ("text/javascript; charset=utf-8", CACHE_FOREVER)
    cloudfront = stage.account.cloudfront
    listed = cloudfront.list_invalidations(DistributionId=outputs["DistributionId"])["InvalidationList"]["Items"]
    batches = [
        cloudfront.get_invalidation(DistributionId=outputs["DistributionId"], Id=one["Id"])["Invalidation"]
        for one in listed
    ]
    assert ["/", "/index.html"] in [sorted(one["InvalidationBatch"]["Paths"]["Items"]) for one in batches]


def test_the_deployed_api_answers_as_the_contract_says(stage: Stage) -> None:
    outputs = stage.outputs()
    url = f"{stage.account.s3.meta.endpoint_url}/_aws/execute-api/{outputs['ApiId']}/api/videos"

    assert requests.get(url, timeout=60).status_code == 401


def test_functions_and_site_alone_need_a_stage(emulated: Emulated) -> None:
    with pytest.raises(BootstrapError, match="There is no stage nowhere"):
        deploy_functions(emulated.stage("nowhere"), BUILD, Watcher().teller)
    with pytest.raises(BootstrapError, match="There is no stage nowhere"):
        deploy_site(emulated.stage("nowhere"), emulated.site, Watcher().teller)


def test_the_local_stage_is_not_for_aws(emulated: Emulated) -> None:
    with pytest.raises(BootstrapError, match="this machine's own"):
        emulated.stage("local")


def test_who_declines_gets_nothing_changed(emulated: Emulated) -> None:
    watcher = Watcher(approves=False)

    with pytest.raises(DeclinedError):
        emulated.deploy("declined", watcher)

    assert watcher.changes
    names = emulated.stage("declined").names
    assert find_stack(emulated.account.cloudformation, names.stack) is None


def test_a_taken_name_is_the_cause_that_is_told_and_the_next_try_succeeds(emulated: Emulated, throwaway: str) -> None:
    bucket = f"video-streaming-site{emulated.stage(throwaway).names.bucket_suffix}"
    emulated.account.s3.create_bucket(Bucket=bucket)

    with pytest.raises(DeploymentError, match=r"already exists.*delete or rename it"):
        emulated.deploy(throwaway)

    emulated.account.s3.delete_bucket(Bucket=bucket)
    assert emulated.deploy(throwaway)["SiteBucketName"] == bucket


@pytest.mark.parametrize(
    ("resource_type", "refusal", "advice"),
    [
        ("AWS::CloudFront::Distribution", "LimitExceeded: too many distributions", "Service Quotas"),
        ("AWS::Lambda::Function", "AccessDenied: not authorized to perform lambda:CreateFunction", "deployer-policy"),
    ],
)
def test_the_first_real_cause_is_told_with_what_to_do_next(
    emulated: Emulated, throwaway: str, resource_type: str, refusal: str, advice: str
) -> None:
    with (
        emulated.failing({resource_type: refusal}),
        pytest.raises(DeploymentError, match=re.escape(refusal)) as told,
    ):
        emulated.deploy(throwaway)

    assert advice in str(told.value)
    # The failed creation left no stack that stands in the way, and no bucket.
    assert emulated.deploy(throwaway)["Stage"] == throwaway


def test_a_first_deployment_whose_trail_has_written_already_is_cleared_away_and_tried_again(
    emulated: Emulated, throwaway: str
) -> None:
    names = emulated.stage(throwaway).names
    with (
        emulated.failing({"AWS::CloudWatch::Dashboard": "ServiceException: try later"}),
        pytest.raises(DeploymentError, match="try later"),
    ):
        emulated.deploy(throwaway)
    stack = find_stack(emulated.account.cloudformation, names.stack)
    assert stack is not None
    assert stack["StackStatus"] == "ROLLBACK_FAILED"
    left = emulated.account.s3.list_objects_v2(Bucket=f"video-streaming-logs{names.bucket_suffix}")["Contents"]
    assert [one["Key"].split("/")[0] for one in left] == ["trail"]

    assert emulated.deploy(throwaway)["Stage"] == throwaway


def test_the_protected_pool_of_a_failed_production_is_taken_over_by_the_next_try(emulated: Emulated) -> None:
    cognito = emulated.account.client("cognito-idp")

    def pools() -> list[str]:
        found = cognito.list_user_pools(MaxResults=60)["UserPools"]
        return [pool["Id"] for pool in found if pool["Name"] == "video-streaming-users"]

    with (
        emulated.failing({"AWS::CloudWatch::Dashboard": "ServiceException: try later"}),
        pytest.raises(DeploymentError, match="try later"),
    ):
        emulated.deploy("prod")
    [left] = pools()

    assert emulated.deploy("prod")["UserPoolId"] == left

    assert pools() == [left]
    destroy_stage(emulated.stage("prod"), Watcher().teller)


def test_a_failed_update_is_undone(emulated: Emulated, stage: Stage) -> None:
    with (
        emulated.failing({"AWS::Lambda::Function": "ServiceException: try later"}),
        pytest.raises(DeploymentError, match="try later"),
    ):
        emulated.deploy("one", MaxOpenUploads="7")

    assert stage.parameters()["MaxOpenUploads"] != "7"
    assert emulated.deploy("one", MaxOpenUploads="7") == stage.outputs()
    assert stage.parameters()["MaxOpenUploads"] == "7"


def test_an_interrupted_deployment_is_finished_by_the_next_one(emulated: Emulated, throwaway: str) -> None:
    def lose_patience(_event: ResourceEvent) -> None:
        raise KeyboardInterrupt

    teller = cloud.Teller(cloud.Audience(follow=lose_patience))
    with pytest.raises(KeyboardInterrupt):
        cloud.deploy_stage(emulated.stage(throwaway), emulated.order(throwaway), teller)

    outputs = emulated.deploy(throwaway)

    objects = emulated.account.s3.list_objects_v2(Bucket=outputs["SiteBucketName"])["Contents"]
    assert {entry["Key"] for entry in objects} == {"index.html", "config.json", "assets/page-1a2b3c4d.js"}


def test_a_change_that_would_lose_data_is_refused_before_it_starts(
    emulated: Emulated, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stage.outputs()
    renamed = cloud.render_template().replace(
        '"video-streaming-media${BucketSuffix}"', '"video-streaming-films${BucketSuffix}"'
    )
    monkeypatch.setattr(cloud, "render_template", lambda: renamed)

    with pytest.raises(DeploymentError, match=r"would replace or remove MediaBucket \(AWS::S3::Bucket\)"):
        emulated.deploy("one")

    assert stage.outputs() == before


def test_destroy_removes_everything_but_accounts_and_videos_and_deploying_adopts_them(
    emulated: Emulated, throwaway: str
) -> None:
    outputs = emulated.deploy(throwaway)
    s3 = emulated.account.s3
    s3.put_object(Bucket=outputs["MediaBucketName"], Key="media/owner/video/1/video.mp4", Body=b"video")
    s3.put_object(Bucket=outputs["TempBucketName"], Key="uploads/owner/video/original.mp4", Body=b"original")
    s3.create_multipart_upload(Bucket=outputs["TempBucketName"], Key="uploads/owner/other/original.mp4")
    stage = emulated.stage(throwaway)

    kept = destroy_stage(stage, Watcher().teller)

    assert kept == {"videos": outputs["MediaBucketName"], "accounts": outputs["UserPoolId"]}
    assert find_stack(emulated.account.cloudformation, stage.names.stack) is None
    for name in ("SiteBucketName", "TempBucketName"):
        with pytest.raises(ClientError, match="404"):
            s3.head_bucket(Bucket=outputs[name])
    prefix = f"/{stage.names.signing_key_parameter}"
    assert emulated.account.ssm.get_parameters_by_path(Path=prefix)["Parameters"] == []

    again = emulated.deploy(throwaway)

    assert again["UserPoolId"] == outputs["UserPoolId"]
    assert again["MediaBucketName"] == outputs["MediaBucketName"]
    assert (
        s3.get_object(Bucket=again["MediaBucketName"], Key="media/owner/video/1/video.mp4")["Body"].read() == b"video"
    )


def test_destroying_twice_is_no_error(emulated: Emulated) -> None:
    assert destroy_stage(emulated.stage("never"), Watcher().teller) == {}


def test_two_stages_live_side_by_side(emulated: Emulated, throwaway: str, stage: Stage) -> None:
    other = emulated.deploy(throwaway)
    mine = stage.outputs()

    shared = {name for name in mine if mine[name] == other[name]}
    assert shared == {"Region"}
    template = emulated.account.cloudformation.get_template(StackName=stage.names.stack)["TemplateBody"]
    assert len(template if isinstance(template, str) else json.dumps(template)) > 51_200
