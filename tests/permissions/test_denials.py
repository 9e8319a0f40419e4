"""What a role does not need is denied to whoever holds it: tried with the role's own credentials on the engine."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from .attempts import AREAS, area_of, attempts
from .needs import MEDIACONVERT
from .policies import Need
from .proof import ROLES, Proof
from .world import World

INSEPARABLE = {("ConversionRole", "s3:PutObject", "index of thumbnails")}
"""Allowed without being needed: a policy cannot say "everything in the folder but this"."""
FEWEST_ATTEMPTS = 100
PASSES = {("TriggerRole", "ConversionRole")}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_do_what_its_function_does_and_nothing_else(role: str, world: World, proof: Proof) -> None:
    @cache
    def clients(service: str) -> Any:
        return world.client(service, role)

    tried = list(attempts(world))
    needed = {(need.action, area_of(need, world)) for need in proof.needs if need.role == role}
    allowed = {(attempt.action, attempt.area) for attempt in tried if not attempt.is_denied(clients)}
    inseparable = {(action, area) for name, action, area in INSEPARABLE if name == role}
    assert len(tried) >= FEWEST_ATTEMPTS
    assert allowed - inseparable == needed & {(attempt.action, attempt.area) for attempt in tried}
    assert inseparable <= allowed


def test_every_kind_of_object_is_tried(world: World, proof: Proof) -> None:
    found = {area_of(need, world) for need in proof.needs if need.resource.startswith("arn:aws:s3:::")}
    buckets = {value for name, value in world.outputs.items() if name.endswith("BucketName")}
    assert found - buckets <= {area.name for area in AREAS}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_passed_to_mediaconvert_alone_and_only_its_own(role: str, world: World) -> None:
    """No engine checks iam:PassRole: it is read from the policies as deployed."""
    for other, name in world.roles.items():
        arn = f"arn:aws:iam::{world.place.account}:role/{name}"
        for service in (MEDIACONVERT, "lambda.amazonaws.com"):
            need = Need(role, "iam:PassRole", arn, "", (("iam:PassedToService", service),))
            is_passed = any(grant.covers(need) for grant in world.grants(role))
            assert is_passed == ((role, other) in PASSES and service == MEDIACONVERT)
