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
from devstack.template_rules import (
    EXCEPTIONS_FILE,
    checkov_findings,
    guard_findings,
    has_guard,
    rules_python,
)

TEMPLATE = parse_template(render_template())
Harm = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def python() -> Path:
    return rules_python(BUILD)


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


def test_every_exception_has_its_reason() -> None:
    exceptions = [line for line in EXCEPTIONS_FILE.read_text("utf-8").splitlines() if line.strip().startswith("-")]
    assert exceptions
    assert [line for line in exceptions if len(line.partition("#")[2]) < 20] == []


@pytest.mark.skipif(not has_guard(), reason="cfn-guard-rs has no build for this Python")
def test_guard_finds_nothing(python: Path, tmp_path: Path) -> None:
    assert guard_findings(python, written(tmp_path, TEMPLATE)) == []


@pytest.mark.skipif(not has_guard(), reason="cfn-guard-rs has no build for this Python")
@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (make_public, "no_bucket_is_public"),
        (switch_mfa_off, "the_second_factor_is_for_everybody"),
        (allow_everything, "no_role_has_a_wildcard_action"),
        (speak_http, "viewers_come_by_https"),
        (keep_logs_for_ever, "no_log_is_kept_for_ever"),
        (let_passwords_travel, "no_password_travels"),
        (throw_accounts_away, "accounts_outlive_the_stack"),
        (write_in_the_clear, "every_queue_is_encrypted"),
    ],
)
def test_guard_turns_red_on_a_bad_template(python: Path, tmp_path: Path, harm: Harm, rule: str) -> None:
    found = guard_findings(python, written(tmp_path, harmed(harm)))
    assert rule in {finding.rule for finding in found}
