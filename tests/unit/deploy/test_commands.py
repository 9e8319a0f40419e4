"""The commands as a person types them, against the emulated account."""

import json
from pathlib import Path

import pytest
from deploy_harness import Emulated

from bootstrap.cloud import contract_outputs
from bootstrap.stack import find_stack
from devstack import checks, cli
from devstack.contract.invited import InvitedPlatform
from devstack.owner import cloud
from devstack.settings import ROOT

HERE = ("--stage", "typed", "--region", "us-east-1")


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, emulated: Emulated) -> Path:
    monkeypatch.setenv("DEV_STATE_DIR", str(tmp_path))
    # Building the site is another test's matter.
    monkeypatch.setattr(cloud, "build_site", lambda _build, _say: emulated.site)
    return tmp_path


def test_a_stage_is_deployed_watched_rotated_and_destroyed(
    emulated: Emulated, own_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", *HERE, "--yes", "--set", "SignUp=open"]) == 0
    shown = capsys.readouterr().out
    assert "What will change" in shown
    assert "SStech Video is ready: https://" in shown
    outputs = json.loads((own_state / "aws" / "typed-us-east-1.json").read_text())
    assert outputs["Stage"] == "typed"
    assert outputs["ApiUrl"].endswith(".execute-api.us-east-1.amazonaws.com/api")
    assert not {"AwsEndpointUrl", "CognitoEndpointUrl", "MediaConvertEndpointUrl", "AccessKeyId"} & set(outputs)

    assert cli.main(["status", *HERE, "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["accounts: registered"] == "0"
    assert numbers["queue: dead letters: uploads"] == "0"
    assert numbers["videos: ready"] == "0"

    assert cli.main(["rotate-keys", *HERE]) == 0
    assert cli.main(["deploy", *HERE, "--only", "site"]) == 0
    assert cli.main(["destroy", *HERE, "--yes"]) == 0
    assert "Kept: videos in video-streaming-media" in capsys.readouterr().out
    assert find_stack(emulated.account.cloudformation, "sstech-video-typed") is None


def test_the_contract_is_tested_against_the_stage_that_is_named(
    emulated: Emulated, own_state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(checks, "run_tests", lambda *arguments: asked.append(arguments) or 0)
    emulated.deploy("parity")

    assert cli.main(["test", "aws"]) == 1
    assert "Say which stage" in capsys.readouterr().err
    assert cli.main(["test", "aws", "--stage", "parity", "--region", "us-east-1"]) == 0

    [(suite, _rest, _console, environment)] = asked
    assert suite == "aws"
    assert environment == {"SSTECH_OUTPUTS": str(own_state / "aws" / "parity-us-east-1.json")}
    assert all((ROOT / name).is_file() for name in checks.CONTRACT_TESTS)


def test_people_of_a_deployed_stage_are_made_by_an_administrator(emulated: Emulated) -> None:
    emulated.deploy("parity")
    outputs = contract_outputs(emulated.stage("parity"))

    with InvitedPlatform(outputs) as platform:
        platform.register("ana@example.com", "a long enough password")

    cognito = emulated.account.client("cognito-idp")
    user = cognito.admin_get_user(UserPoolId=outputs["UserPoolId"], Username="ana@example.com")
    assert user["UserStatus"] == "CONFIRMED"


def test_who_says_no_changes_nothing(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rich.prompt.Confirm.ask", lambda *_, **__: False)

    assert cli.main(["deploy", "--stage", "unsure", "--region", "us-east-1"]) == 1

    assert "Nothing was changed." in capsys.readouterr().err
    assert find_stack(emulated.account.cloudformation, "sstech-video-unsure") is None


def test_production_is_asked_about_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], emulated: Emulated
) -> None:
    production = ["destroy", "--stage", "prod", "--region", "us-east-1"]

    assert cli.main([*production, "--yes"]) == 1
    assert "--really prod" in capsys.readouterr().err

    monkeypatch.setattr("rich.prompt.Confirm.ask", lambda *_, **__: True)
    monkeypatch.setattr("rich.prompt.Prompt.ask", lambda *_, **__: "production")
    assert cli.main(production) == 1
    assert "Nothing was removed." in capsys.readouterr().err


def test_a_stage_that_is_not_there_is_told_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rotate-keys", "--stage", "nothing", "--region", "us-east-1"]) == 1
    assert "deploy --stage nothing --region us-east-1" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("wrong", [["--set", "SignUp"], ["--set", "=open"], ["--only", "everything"]])
def test_a_wrong_option_is_told_at_once(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["deploy", *HERE, *wrong])
    assert ended.value.code == 2
