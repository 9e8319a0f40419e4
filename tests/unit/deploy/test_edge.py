"""The edge stack: what it gives the stage, in which order it is changed, and what is left of it in the end: nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from deploy_harness import Emulated, Watcher

from bootstrap.cloud import Stage
from bootstrap.edge import edge_account, let_go
from bootstrap.stack import find_stack, stack_parameters
from devstack import cli
from devstack.owner import cloud

HERE = ("--stage", "edged", "--region", "eu-west-1")
EDGE_STACK = "sstech-video-edged-edge-eu-west-1"
ALARM = "sstech-video-cdn-errors-edged"


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, emulated: Emulated) -> None:
    monkeypatch.setenv("DEV_STATE_DIR", str(tmp_path))
    # Building the site is another test's matter.
    monkeypatch.setattr(cloud, "build_site", lambda _build, _say: emulated.site)


def deploy(*options: str) -> None:
    assert cli.main(["deploy", *HERE, "--yes", *options]) == 0


def stage_parameters(emulated: Emulated) -> dict[str, str]:
    cloudformation = emulated.account.session.client("cloudformation", region_name="eu-west-1")
    return stack_parameters(find_stack(cloudformation, "sstech-video-edged"))


def edge_parameters(emulated: Emulated) -> dict[str, str]:
    return stack_parameters(find_stack(edge_account(emulated.account).cloudformation, EDGE_STACK))


def test_an_edge_stack_gives_the_stage_its_domain_and_goes_with_it(
    emulated: Emulated, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(
        *("--edge", "DomainName=video.example.com", "--edge", "HostedZoneId=Z123", "--edge", "WebAcl=true"),
        *("--set", "AlarmEmail=owner@example.com"),
    )

    assert "https://video.example.com" in capsys.readouterr().out
    parameters = stage_parameters(emulated)
    assert parameters["CertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert ":global/webacl/" in parameters["WebAclArn"]
    alarms = emulated.account.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])
    assert len(alarms["MetricAlarms"]) == 1
    assert edge_parameters(emulated)["AlarmEmail"] == "owner@example.com"


def test_what_is_switched_off_goes_when_the_stage_has_let_go_of_it(emulated: Emulated) -> None:
    deploy("--edge", "DomainName=video.example.com", "--edge", "WebAcl=true")

    # A web ACL in use cannot be deleted. The other name is there because the emulated account sees no change in one
    # that flips a condition alone.
    deploy("--edge", "WebAcl=false", "--edge", "DomainName=films.example.com")

    assert edge_parameters(emulated)["WebAcl"] == "false"
    assert stage_parameters(emulated)["WebAclArn"] == ""
    assert stage_parameters(emulated)["DomainName"] == "films.example.com"

    stage = Stage.of(replace(emulated.account, region="eu-west-1"), "edged", pace="steady")
    let_go(stage, {"DomainName": ""}, Watcher().teller)

    assert (stage.parameters()["DomainName"], stage.parameters()["CertificateArn"]) == ("", "")


def test_a_web_acl_alone_leaves_the_name_alone_beside_the_edge_stack(emulated: Emulated) -> None:
    own = {
        "DomainName": "films.example.com",
        "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555",
    }

    assert cli.main(["destroy", *HERE, "--yes"]) == 0

    deploy("--edge", "WebAcl=true", *(word for name, value in own.items() for word in ("--set", f"{name}={value}")))
    deploy()
    deploy("--edge", "WebAcl=true", "--edge", "DomainName=")

    assert {name: stage_parameters(emulated)[name] for name in own} == own


def test_destroying_the_last_stage_leaves_no_stack_and_no_artefact_bucket(emulated: Emulated) -> None:
    deploy("--edge", "WebAcl=true")

    assert cli.main(["destroy", *HERE, "--yes"]) == 0

    assert find_stack(edge_account(emulated.account).cloudformation, EDGE_STACK) is None
    assert stage_parameters(emulated) == {}
    buckets = [one["Name"] for one in emulated.account.s3.list_buckets()["Buckets"]]
    assert not [name for name in buckets if "artifacts" in name]
