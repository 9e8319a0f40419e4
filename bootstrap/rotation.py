"""Replaces the key that signs cookies, without a player noticing.

The key that stands by has been trusted by every edge since the deployment before, so signing with it works at once;
what the former key signed stays valid until it expires by itself. The former key loses its private half, and its slot
gets a new key at the next rotation: by then its last signature is over.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bootstrap.cloud import Stage, Teller
from bootstrap.errors import DeploymentError
from bootstrap.signing_key import Slot, ensure_signing_keys, forget_private_half, has_private_half

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# A signature's longest life: playback cookies, six hours (services/functions/sstech_video/playback.py), and a reserve.
LONGEST_SIGNATURE = timedelta(hours=8)


def rotate_keys(stage: Stage, teller: Teller, *, now: datetime | None = None, at_once: bool = False) -> None:
    """Makes the other slot's key the one that signs.

    With `at_once` the former key is no longer trusted either, for when it has leaked: who is watching starts again.

    Raises:
        DeploymentError: the last rotation was so recently that its former key's signatures are still in use.
    """
    stage.require_deployed()
    moment = now or datetime.now(UTC)
    active: Slot = "b" if stage.parameters().get("ActiveSigningSlot") == "b" else "a"
    standby: Slot = "a" if active == "b" else "b"
    ssm, prefix = stage.account.ssm, f"/{stage.names.signing_key_parameter}"
    if not has_private_half(ssm, prefix, standby):
        if not at_once:
            _require_expired(ssm, prefix, moment)
        _renew(stage, standby, active, teller)
    teller.say("Signing with the key that stood by")
    stage.update({"ActiveSigningSlot": standby}, teller)
    forget_private_half(ssm, prefix, active)
    ssm.put_parameter(Name=rotation_parameter(prefix), Value=moment.isoformat(), Type="String", Overwrite=True)
    if at_once:
        teller.say("Distrusting the former key")
        stage.update({_public(active): ""}, teller)


def rotation_parameter(prefix: str) -> str:
    """Name of the parameter with the moment of the last rotation, ISO 8601."""
    return f"{prefix}/rotated"


def _renew(stage: Stage, slot: Slot, active: Slot, teller: Teller) -> None:
    """A new key in `slot`, by way of empty: CloudFront cannot change a key in place."""
    teller.say("Taking the expired key out of the key group")
    stage.update({_public(slot): ""}, teller)
    keys = ensure_signing_keys(stage.account.ssm, f"/{stage.names.signing_key_parameter}", active=active)
    teller.say("Putting a new key into its place")
    stage.update({_public(slot): keys.by_slot[slot].pem}, teller)


def _public(slot: Slot) -> str:
    return f"SigningPublicKey{slot.upper()}"


def _require_expired(ssm: "SSMClient", prefix: str, now: datetime) -> None:
    try:
        value = ssm.get_parameter(Name=rotation_parameter(prefix))["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return
    ready = datetime.fromisoformat(value) + LONGEST_SIGNATURE
    if now < ready:
        raise DeploymentError(
            f"What the former key has signed is good until {ready:%Y-%m-%d %H:%M} UTC, and its place is needed for "
            "the new one. Rotate again then, or with --at-once: whoever is watching starts the video again."
        )
