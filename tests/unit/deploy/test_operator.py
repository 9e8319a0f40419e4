"""The operator's policy: enough for the runbook, of our own things where AWS has names, and never to change a stage."""

import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import cfnlint.data.AdditionalSpecs
import pytest
from botocore.exceptions import ClientError
from cfnlint.helpers import load_resource
from deploy_harness import Emulated

from bootstrap.cloud import Stage
from devstack import cli

ROOT = Path(__file__).resolve().parents[3]
POLICY: dict[str, Any] = json.loads((ROOT / "bootstrap" / "operator-policy.json").read_text("utf-8"))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
KNOWN = load_resource(cfnlint.data.AdditionalSpecs, "Policies.json")
# What the runbook asks for, by its own words, and what that takes in the consoles or in the programs.
STEPS = {
    "dashboard": ["cloudwatch:GetDashboard", "cloudwatch:GetMetricData"],
    "dev.py status": ["cloudwatch:GetMetricStatistics", "logs:FilterLogEvents", "mediaconvert:ListJobs"],
    "saved Logs Insights query": ["logs:DescribeQueryDefinitions", "logs:StartQuery", "logs:GetQueryResults"],
    "Read the message in the SQS console": ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"],
    "dev.py redrive": ["sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage", "lambda:InvokeFunction"],
    "dev.py reconcile": ["lambda:InvokeFunction"],
    "purge the queue": ["sqs:PurgeQueue"],
    "Service Quotas": ["servicequotas:ListServiceQuotas", "servicequotas:RequestServiceQuotaIncrease"],
    "AWS Health Dashboard": ["health:DescribeEvents"],
    "Cost Explorer": ["ce:GetCostAndUsage"],
    "reset the user's MFA": ["cognito-idp:AdminGetUser", "cognito-idp:AdminSetUserMFAPreference"],
    "dev.py reown": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
}


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def actions() -> list[str]:
    return [action for statement in POLICY["Statement"] for action in as_list(statement["Action"])]


@pytest.fixture(scope="module")
def stage(emulated: Emulated) -> Stage:
    emulated.deploy("run", TlsOnly="false")
    return emulated.stage("run")


@pytest.fixture
def as_operator(emulated: Emulated, stage: Stage) -> Iterator[Stage]:
    iam = emulated.account.client("iam")
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="operator", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        # It remembers whose credentials it found first.
        environment.setattr(boto3, "DEFAULT_SESSION", None)
        yield stage
    iam.delete_access_key(UserName="operator", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="operator", PolicyName="operator")
    iam.delete_user(UserName="operator")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_the_runbook_may_be_taken(step: str) -> None:
    assert step in re.sub(r"\s+", " ", RUNBOOK)
    assert [needed for needed in STEPS[step] if needed not in actions()] == []


@pytest.mark.parametrize("action", actions())
def test_every_action_is_one_that_aws_knows(action: str) -> None:
    service, _, name = action.partition(":")
    assert name.lower() in KNOWN[service]["Actions"]


def test_nothing_is_granted_whole_and_only_what_has_no_name_everywhere() -> None:
    assert not [action for action in actions() if "*" in action]
    everywhere = [one["Sid"] for one in POLICY["Statement"] if "*" in as_list(one["Resource"])]
    assert everywhere == ["LookAtWhatHasNoResourceLevel"]
    changes = ("*:Create*", "*:Put*", "*:Update*", "*:Delete*", "*:Send*", "*:Invoke*", "*:Pass*")
    [look] = [one for one in POLICY["Statement"] if one["Sid"] == "LookAtWhatHasNoResourceLevel"]
    assert not [one for one in look["Action"] if any(fnmatch.fnmatch(one, change) for change in changes)]


def test_an_operator_works_by_this_policy_alone(
    as_operator: Stage, capsys: pytest.CaptureFixture[str], emulated: Emulated
) -> None:
    here = ("--stage", as_operator.name, "--region", "us-east-1")
    outputs = as_operator.outputs()
    letter = json.dumps({"requestPayload": {"detail": {"status": "PROGRESSING"}}})
    emulated.account.client("sqs").send_message(QueueUrl=outputs["EventDeadLetterQueueUrl"], MessageBody=letter)

    for command in ("status", "redrive", "reconcile"):
        assert cli.main([command, *here]) == 0, capsys.readouterr().err
    assert cli.main(["reown", "nobody", "somebody", *here]) == 0
    assert cli.main(["invite", "ana@example.com", *here]) == 0
    assert "Sent again: 0 upload notifications, 1 job events." in capsys.readouterr().out


def test_an_operator_changes_no_stage(as_operator: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rotate-keys", "--stage", as_operator.name, "--region", "us-east-1"]) == 1
    assert "deployer-policy.json" in capsys.readouterr().err.replace("\n", " ")
    with pytest.raises(ClientError, match="AccessDenied"):
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="another")
