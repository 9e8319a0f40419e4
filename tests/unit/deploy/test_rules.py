"""The template under checkov and AWS CloudFormation Guard: nothing is found, and a bad template turns each red."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deploy_harness import BUILD

from bootstrap.parsing import parse_template
from bootstrap.template import render_template
from devstack.template_rules import checkov as checkov_rules
from devstack.template_rules import guard as guard_rules
from devstack.template_rules.checkov import checkov_findings, checkov_python
from devstack.template_rules.findings import Finding
from devstack.template_rules.guard import (
    Guard,
    find_guard,
    guard_findings,
    has_guard,
    read_exceptions,
    resolved_template,
)

TEMPLATE = parse_template(render_template())
Harm = Callable[[dict[str, Any]], None]


# Stages that use as little and as much of the template as one can.
PLAIN = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "sstech-video-prod",
    "BucketSuffix": "-123456789012-us-east-1-prod",
    "CodeBucket": "artifacts",
    "CodeKey": "functions/digest.zip",
    "Delivery": "cloudfront",
    "NameSuffix": "-prod",
    "SigningKeyParameter": "parameter",
    "SigningPublicKeyA": "begin\nkey\nend",
    "Stage": "prod",
}
FULL = {
    **PLAIN,
    "AlarmEmail": "owner@example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0",
    "DomainName": "videos.example.com",
    "MonthlyBudget": "10",
    "SigningPublicKeyB": "begin\nkey\nend",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/0/0",
}


@pytest.fixture(scope="module")
def python() -> Path:
    return checkov_python(BUILD)


@pytest.fixture(scope="module")
def guard() -> Guard:
    if not has_guard():
        pytest.skip("CloudFormation Guard has no program for this machine")
    return find_guard(BUILD)


def written(folder: Path, template: dict[str, Any]) -> Path:
    path = folder / "template.json"
    path.write_text(json.dumps(template))
    return path


def make_public(resources: dict[str, Any]) -> None:
    del resources["MediaBucket"]["Properties"]["PublicAccessBlockConfiguration"]


def switch_mfa_off(resources: dict[str, Any]) -> None:
    resources["UserPool"]["Properties"]["MfaConfiguration"] = "OPTIONAL"


def allow_everything(resources: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    resources["UploadRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(statement)


def speak_http(resources: dict[str, Any]) -> None:
    config = resources["Distribution"]["Properties"]["DistributionConfig"]
    config["CacheBehaviors"][1]["ViewerProtocolPolicy"] = "allow-all"


def keep_logs_for_ever(resources: dict[str, Any]) -> None:
    del resources["UploadLogs"]["Properties"]["RetentionInDays"]


def let_passwords_travel(resources: dict[str, Any]) -> None:
    resources["UserPoolClient"]["Properties"]["ExplicitAuthFlows"].append("ALLOW_USER_PASSWORD_AUTH")


def throw_accounts_away(resources: dict[str, Any]) -> None:
    resources["UserPool"]["DeletionPolicy"] = "Delete"


def write_in_the_clear(resources: dict[str, Any]) -> None:
    del resources["TriggerQueue"]["Properties"]["SqsManagedSseEnabled"]


def harmed(harm: Harm) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    harm(template["Resources"])
    return template


def test_checkov_finds_nothing_but_the_listed_exceptions(python: Path, tmp_path: Path) -> None:
    assert checkov_findings(python, written(tmp_path, TEMPLATE)) == []


@pytest.mark.parametrize(
    ("harm", "rule"),
    [(make_public, "CKV_AWS_53"), (speak_http, "CKV_AWS_34")],
)
def test_checkov_turns_red_on_a_bad_template(python: Path, tmp_path: Path, harm: Harm, rule: str) -> None:
    found = checkov_findings(python, written(tmp_path, harmed(harm)))
    assert rule in {finding.rule for finding in found}


@pytest.mark.parametrize(("file", "mark"), [(checkov_rules.EXCEPTIONS_FILE, "-"), (guard_rules.EXCEPTIONS_FILE, "")])
def test_every_exception_has_its_reason(file: Path, mark: str) -> None:
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    exceptions = [line for line in lines if line.startswith(mark) and not line.startswith("#") and "_" in line]
    assert len(exceptions) > 10
    assert [line for line in exceptions if len(line.partition("#")[2]) < 20] == []


@pytest.mark.parametrize("parameters", [PLAIN, FULL], ids=["plain", "full"])
def test_guard_finds_nothing_but_the_listed_exceptions(
    guard: Guard, tmp_path: Path, parameters: dict[str, str]
) -> None:
    assert guard_findings(guard, written(tmp_path, resolved_template(TEMPLATE, parameters))) == []


def test_every_exception_from_guard_is_needed(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exceptions = read_exceptions()
    monkeypatch.setattr(guard_rules, "read_exceptions", set[Finding])
    assert set(guard_findings(guard, written(tmp_path, resolved_template(TEMPLATE, PLAIN)))) == exceptions


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (make_public, "no_bucket_is_public"),
        (make_public, "s3_bucket_level_public_access_prohibited_check"),
        (switch_mfa_off, "the_second_factor_is_for_everybody"),
        (allow_everything, "no_role_has_a_wildcard_action"),
        (allow_everything, "iam_inline_policy_no_statements_with_admin_access_check"),
        (speak_http, "viewers_come_by_https"),
        (speak_http, "cloudfront_viewer_policy_https_check"),
        (keep_logs_for_ever, "no_log_is_kept_for_ever"),
        (let_passwords_travel, "no_password_travels"),
        (throw_accounts_away, "accounts_outlive_the_stack"),
        (write_in_the_clear, "every_queue_is_encrypted"),
        (write_in_the_clear, "sqs_queue_encrypted_check"),
    ],
)
def test_guard_turns_red_on_a_bad_template(guard: Guard, tmp_path: Path, harm: Harm, rule: str) -> None:
    found = guard_findings(guard, written(tmp_path, resolved_template(harmed(harm), FULL)))
    assert rule in {finding.rule for finding in found}
