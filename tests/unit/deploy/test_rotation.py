"""Rotating the signing keys: what a player holds stays valid, and CloudFront's rules are kept."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deploy_harness import Emulated, Watcher

from bootstrap.cloud import Stage
from bootstrap.errors import DeploymentError
from bootstrap.rotation import EVERY_EDGE_KNOWS, LONGEST_SIGNATURE, Outcome, rotate_keys
from bootstrap.signing_key import stored_public_half

# After everything that the tests change.
NOW = datetime.now(UTC) + timedelta(days=1)
LATER = NOW + LONGEST_SIGNATURE + timedelta(minutes=1)
# The calls that change something; a cut before each of them is a cut after the one before.
STEPS = (
    "cloudformation.CreateChangeSet",
    "cloudformation.ExecuteChangeSet",
    "ssm.PutParameter",
    "ssm.DeleteParameter",
)
NUMBERS = itertools.count()


@pytest.fixture
def stage(emulated: Emulated, throwaway: str) -> Stage:
    emulated.deploy(throwaway)
    return Stage.of(emulated.account, throwaway, pace="fast")


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


def can_sign(stage: Stage) -> bool:
    """Whether the private half that the library function signs with is kept, and CloudFront trusts it by that id."""
    key_id, parameter = signing(stage)
    prefix = f"/{stage.names.signing_key_parameter}"
    key = stored_public_half(stage.account.ssm, prefix, "b" if parameter == f"{prefix}/b" else "a")
    known = stage.account.cloudfront.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]["EncodedKey"]
    return key is not None and key.pem.strip() == known.strip() and key_id in trusted(stage)


def rotate(stage: Stage, now: datetime = NOW, *, at_once: bool = False) -> Outcome:
    return rotate_keys(stage, Watcher().teller, now=now, at_once=at_once)


@contextmanager
def interrupted_at(stage: Stage, step: int) -> Iterator[list[str]]:
    """The program dies before its call number `step` that changes something; gives the names of those before."""
    made: list[str] = []
    events = stage.account.session.events
    identity = f"cut-{next(NUMBERS)}"

    def count(model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}.{model.name}"
        if name not in STEPS:
            return
        if len(made) == step:
            raise KeyboardInterrupt
        made.append(name)

    events.register("before-call", count, unique_id=identity)
    try:
        yield made
    finally:
        events.unregister("before-call", unique_id=identity)


def test_keys_rotate_again_and_again_without_breaking_a_player(stage: Stage) -> None:
    first, parameter = signing(stage)
    prefix = f"/{stage.names.signing_key_parameter}"
    assert parameter == f"{prefix}/a"
    assert first in trusted(stage)
    assert len(trusted(stage)) == 2

    assert rotate(stage) == "signs"

    second, parameter = signing(stage)
    assert (second != first, parameter) == (True, f"{prefix}/b")
    assert trusted(stage) == {first, second}
    assert stored_public_half(stage.account.ssm, prefix, "a") is None

    with pytest.raises(DeploymentError, match=f"{NOW + LONGEST_SIGNATURE:%Y-%m-%d %H:%M} UTC"):
        rotate(stage, NOW + timedelta(hours=1))
    assert signing(stage)[0] == second

    assert rotate(stage, LATER) == "stands by"

    assert signing(stage)[0] == second
    [third] = trusted(stage) - {second}
    assert third != first

    assert rotate(stage, LATER) == "signs"

    assert signing(stage) == (third, f"{prefix}/a")
    assert trusted(stage) == {second, third}
    assert can_sign(stage)


def test_no_key_signs_before_every_edge_knows_it(stage: Stage) -> None:
    rotate(stage)
    signer = signing(stage)
    rotate(stage, LATER)

    with pytest.raises(DeploymentError, match=r"Not every edge .* UTC"):
        rotate(stage, datetime.now(UTC) + EVERY_EDGE_KNOWS - timedelta(minutes=5))

    assert signing(stage) == signer
    assert rotate(stage, datetime.now(UTC) + EVERY_EDGE_KNOWS + timedelta(minutes=5)) == "signs"


def test_a_deployment_in_between_keeps_the_keys(emulated: Emulated, stage: Stage) -> None:
    rotate(stage)
    keys, signer = trusted(stage), signing(stage)

    emulated.deploy(stage.name)

    assert (trusted(stage), signing(stage)) == (keys, signer)


def test_a_leaked_key_is_distrusted_at_once(stage: Stage) -> None:
    leaked, _ = signing(stage)

    assert rotate(stage, at_once=True) == "signs"

    assert leaked not in trusted(stage)
    assert can_sign(stage)


@pytest.mark.parametrize("stands_by", [True, False], ids=["another stands by", "none stands by"])
def test_a_leaked_key_never_signs_again_wherever_the_rotation_was_cut(stage: Stage, *, stands_by: bool) -> None:
    rotate(stage, at_once=True)
    for step in itertools.count():
        if stands_by:
            assert rotate(stage) == "stands by"
        leaked, _ = signing(stage)
        with interrupted_at(stage, step) as made:
            try:
                rotate(stage, at_once=True)
                break
            except KeyboardInterrupt:
                assert len(made) == step

        rotate(stage, at_once=True)

        assert signing(stage)[0] != leaked, made
        assert leaked not in trusted(stage), made
        assert can_sign(stage), made
    assert len(made) > 5


def test_a_rotation_that_was_cut_is_finished_by_the_next_one(stage: Stage) -> None:
    moments = itertools.count()
    for step in itertools.count():
        moment = NOW + next(moments) * timedelta(days=1)
        former, _ = signing(stage)
        with interrupted_at(stage, step) as made:
            try:
                rotate(stage, moment)
                break
            except KeyboardInterrupt:
                assert can_sign(stage), made

        rotate(stage, moment)

        assert signing(stage)[0] != former, made
        # What it has signed stays valid.
        assert former in trusted(stage), made
        assert can_sign(stage), made
        assert rotate(stage, moment + timedelta(hours=12)) == "stands by"
    assert len(made) > 4


def test_a_new_key_that_was_cut_off_on_its_way_is_brought_by_the_next_rotation(stage: Stage) -> None:
    rotate(stage)
    for step in itertools.count():
        signer, _ = signing(stage)
        with interrupted_at(stage, step) as made:
            try:
                rotate(stage, LATER)
                break
            except KeyboardInterrupt:
                assert can_sign(stage), made

        while rotate(stage, LATER) != "signs":
            pass

        assert signing(stage)[0] != signer, made
        assert can_sign(stage), made
        # Its signatures are over by then, for the next cut.
        rotated = f"/{stage.names.signing_key_parameter}/rotated"
        stage.account.ssm.put_parameter(Name=rotated, Value=NOW.isoformat(), Type="String", Overwrite=True)
    assert len(made) > 4


def test_a_leak_during_an_interrupted_rotation_distrusts_the_key_that_signs(stage: Stage) -> None:
    with interrupted_at(stage, 1), pytest.raises(KeyboardInterrupt):
        rotate(stage)
    before = trusted(stage)

    assert rotate(stage, at_once=True) == "signs"

    assert not before & trusted(stage)
    assert can_sign(stage)


def test_a_deployment_after_a_cut_brings_no_leaked_key_back(emulated: Emulated, stage: Stage) -> None:
    # After the switch, after the private half is forgotten, and after the former key is distrusted.
    for step in (3, 5, 7):
        leaked, _ = signing(stage)
        with interrupted_at(stage, step), pytest.raises(KeyboardInterrupt):
            rotate(stage, at_once=True)

        emulated.deploy(stage.name)
        rotate(stage, at_once=True)

        assert leaked not in trusted(stage)
        assert can_sign(stage)
