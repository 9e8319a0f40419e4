"""Rotating the signing keys: what a player holds stays valid, and CloudFront's rules are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from deploy_harness import Emulated, Watcher

from bootstrap.cloud import Stage
from bootstrap.errors import DeploymentError
from bootstrap.rotation import LONGEST_SIGNATURE, rotate_keys
from bootstrap.signing_key import has_private_half

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = NOW + LONGEST_SIGNATURE + timedelta(minutes=1)


@pytest.fixture
def stage(emulated: Emulated) -> Stage:
    emulated.deploy("keys")
    return emulated.stage("keys")


def trusted(stage: Stage) -> set[str]:
    """Ids of the public keys in the stage's key group."""
    groups = stage.account.cloudfront.list_key_groups()["KeyGroupList"]["Items"]
    name = f"video-streaming-players-us-east-1-{stage.name}"
    [group] = [one["KeyGroup"] for one in groups if one["KeyGroup"]["KeyGroupConfig"]["Name"] == name]
    return set(group["KeyGroupConfig"]["Items"])


def signing(stage: Stage) -> tuple[str, str]:
    """Key pair id and parameter that the library function signs with."""
    function = stage.account.functions.get_function_configuration(FunctionName=f"video-streaming-library-{stage.name}")
    variables = function["Environment"]["Variables"]
    return variables["CLOUDFRONT_KEY_PAIR_ID"], variables["SIGNING_KEY_PARAMETER"]


def test_keys_rotate_again_and_again_without_breaking_a_player(stage: Stage) -> None:
    first, parameter = signing(stage)
    prefix = f"/{stage.names.signing_key_parameter}"
    assert parameter == f"{prefix}/a"
    assert first in trusted(stage)
    assert len(trusted(stage)) == 2

    rotate_keys(stage, Watcher().teller, now=NOW)

    second, parameter = signing(stage)
    assert (second != first, parameter) == (True, f"{prefix}/b")
    assert trusted(stage) == {first, second}
    assert not has_private_half(stage.account.ssm, prefix, "a")

    with pytest.raises(DeploymentError, match="2026-11-22 08:00 UTC"):
        rotate_keys(stage, Watcher().teller, now=NOW + timedelta(hours=1))
    assert signing(stage)[0] == second

    rotate_keys(stage, Watcher().teller, now=LATER)

    third, parameter = signing(stage)
    assert (third not in {first, second}, parameter) == (True, f"{prefix}/a")
    assert trusted(stage) == {second, third}


def test_a_deployment_in_between_keeps_the_keys(emulated: Emulated, stage: Stage) -> None:
    rotate_keys(stage, Watcher().teller, now=LATER + timedelta(days=1))
    keys, signer = trusted(stage), signing(stage)

    emulated.deploy("keys")

    assert (trusted(stage), signing(stage)) == (keys, signer)


def test_a_leaked_key_is_distrusted_at_once(stage: Stage) -> None:
    leaked, _ = signing(stage)

    rotate_keys(stage, Watcher().teller, at_once=True)

    assert leaked not in trusted(stage)
    assert signing(stage)[0] in trusted(stage)
