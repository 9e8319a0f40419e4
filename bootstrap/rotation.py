"""Replaces the key that signs cookies, without a player noticing.

A key begins to sign only when the key group has held it, unchanged, for longer than the news of it takes to every
edge; what the former key signed stays valid until it expires by itself. So a rotation is two runs, hours apart: one
puts a new key beside the one that signs, if none stands by yet, and the next one signs with it. The former key loses
its private half at once, its place when its last signature is over.

A rotation that has begun is written down before anything changes, and whoever comes next finishes it first: a key that
was being replaced never signs again.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bootstrap.cloud import Stage, Teller
from bootstrap.errors import DeploymentError
from bootstrap.signing_key import Slot, delete_parameter, forget_private_half, make_public_half, stored_public_half

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# A signature's longest life: playback cookies, six hours (services/functions/sstech_video/playback.py), and a reserve.
LONGEST_SIGNATURE = timedelta(hours=8)
# CloudFront's changes "usually" reach every edge "within a few minutes" ("Update a distribution", developer guide), and
# of a key group nobody is told when it has: many times that.
EVERY_EDGE_KNOWS = timedelta(hours=1)
KEY_GROUP = "SigningKeyGroup"

# Another key signs; or a new one stands by, which a later run signs with; or an earlier run's rotation is at its end.
Outcome = Literal["signs", "stands by", "finished"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation that has begun: the slot that is to sign, and whether the other one's key is to be distrusted."""

    target: Slot
    at_once: bool


def rotate_keys(stage: Stage, teller: Teller, *, now: datetime | None = None, at_once: bool = False) -> Outcome:
    """Makes the other slot's key the one that signs, or brings a key there that the next run signs with.

    With `at_once` the former key is no longer trusted either, for when it has leaked: who is watching starts again, and
    where no key stood by, players may fail for some minutes, until every edge knows the new one.

    Raises:
        DeploymentError: the former key's signatures are still in use, or not every edge knows the new key yet.
    """
    stage.require_deployed()
    moment = now or datetime.now(UTC)
    begun = _begun(stage)
    if begun is not None:
        teller.say("Finishing the rotation that was interrupted")
        _carry_out(stage, begun, moment, teller)
        # Which key a leak is of, only the person knows: one that was merely replaced is still trusted.
        if begun.at_once or not at_once:
            return "finished"
    standby = _other(_active(stage))
    if not at_once:
        if not _is_ready(stage, standby):
            _require_expired(stage, standby, moment)
            _renew(stage, standby, teller)
            return "stands by"
        _require_known(stage, moment)
    rotation = Rotation(standby, at_once)
    _write_down(stage, rotation)
    _carry_out(stage, rotation, moment, teller)
    return "signs"


def rotation_parameters(prefix: str) -> tuple[str, str]:
    """Names of the parameters with the moment of the last rotation (ISO 8601) and with the one that has begun."""
    return f"{prefix}/rotated", f"{prefix}/rotation"


def _carry_out(stage: Stage, rotation: Rotation, now: datetime, teller: Teller) -> None:
    """Every step can be taken twice, and none lets the former key sign once the other one does."""
    ssm, prefix = stage.account.ssm, _prefix(stage)
    rotated, begun = rotation_parameters(prefix)
    former = _other(rotation.target)
    if _active(stage) != rotation.target:
        if rotation.at_once and not _is_ready(stage, rotation.target):
            _renew(stage, rotation.target, teller)
        teller.say("Signing with the other key")
        stage.update({"ActiveSigningSlot": rotation.target}, teller)
    ssm.put_parameter(Name=rotated, Value=now.isoformat(), Type="String", Overwrite=True)
    # Before it is distrusted: a slot that is empty but for its private half would be filled with that again.
    forget_private_half(ssm, prefix, former)
    if rotation.at_once:
        teller.say("Distrusting the former key")
        stage.update({_public(former): ""}, teller)
    delete_parameter(ssm, begun)


def _renew(stage: Stage, slot: Slot, teller: Teller) -> None:
    """A new key in `slot`, by way of empty: CloudFront cannot change a key in place."""
    if stage.parameters().get(_public(slot)):
        teller.say("Taking the expired key out of the key group")
        stage.update({_public(slot): ""}, teller)
    key = make_public_half(stage.account.ssm, _prefix(stage), slot)
    teller.say("Putting a new key into the key group")
    stage.update({_public(slot): key.pem}, teller)


def _is_ready(stage: Stage, slot: Slot) -> bool:
    """Whether the key that CloudFront trusts in `slot` is the one whose private half is kept."""
    key = stored_public_half(stage.account.ssm, _prefix(stage), slot)
    return key is not None and key.pem.strip() == stage.parameters().get(_public(slot), "").strip()


def _require_expired(stage: Stage, slot: Slot, now: datetime) -> None:
    """Raises: DeploymentError: the key in `slot` signs no more, but what it has signed is still in use."""
    ssm = stage.account.ssm
    if not stage.parameters().get(_public(slot)):
        return
    value = _read(ssm, rotation_parameters(_prefix(stage))[0])
    if value is None:
        return
    ready = datetime.fromisoformat(value) + LONGEST_SIGNATURE
    if now < ready:
        raise DeploymentError(
            f"What the former key has signed is good until {ready:%Y-%m-%d %H:%M} UTC, and its place is needed for "
            "the new one. Rotate again then, or with --at-once: whoever is watching starts the video again."
        )


def _require_known(stage: Stage, now: datetime) -> None:
    """Raises: DeploymentError: the key group has changed so lately that not every edge need know its keys."""
    described = stage.account.cloudformation.describe_stack_resource(
        StackName=stage.names.stack, LogicalResourceId=KEY_GROUP
    )
    group_id = described["StackResourceDetail"].get("PhysicalResourceId", "")
    changed = stage.account.cloudfront.get_key_group(Id=group_id)["KeyGroup"]["LastModifiedTime"]
    ready = changed + EVERY_EDGE_KNOWS
    if now < ready:
        raise DeploymentError(
            f"Not every edge of CloudFront need know the new key before {ready:%Y-%m-%d %H:%M} UTC. Rotate again then, "
            "or with --at-once: players may fail for some minutes."
        )


def _begun(stage: Stage) -> Rotation | None:
    value = _read(stage.account.ssm, rotation_parameters(_prefix(stage))[1])
    if value is None:
        return None
    written = json.loads(value)
    return Rotation("b" if written["target"] == "b" else "a", bool(written["at_once"]))


def _write_down(stage: Stage, rotation: Rotation) -> None:
    name = rotation_parameters(_prefix(stage))[1]
    stage.account.ssm.put_parameter(Name=name, Value=json.dumps(asdict(rotation)), Type="String", Overwrite=True)


def _read(ssm: "SSMClient", name: str) -> str | None:
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None


def _active(stage: Stage) -> Slot:
    return "b" if stage.parameters().get("ActiveSigningSlot") == "b" else "a"


def _other(slot: Slot) -> Slot:
    return "a" if slot == "b" else "b"


def _public(slot: Slot) -> str:
    return f"SigningPublicKey{slot.upper()}"


def _prefix(stage: Stage) -> str:
    return f"/{stage.names.signing_key_parameter}"
