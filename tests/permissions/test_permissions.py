"""Each role may do what its function does, and nothing else.

The template's own list of statements decides what is tried: there is no second list to keep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from .flows import BROKEN, Flow
from .policies import Grant, complaints, missing, resting_on, spare
from .proof import ROLES, STATEMENTS, Proof
from .world import World

EVERYTHING = "s3:*"


@pytest.fixture(scope="session")
def grants(world: World) -> Sequence[Grant]:
    """Every statement as deployed."""
    return [grant for role in ROLES for grant in world.grants(role)]


def find(grants: Sequence[Grant], role: str, sid: str) -> Grant:
    (grant,) = [one for one in grants if (one.role, one.sid) == (role, sid)]
    return grant


def test_what_is_deployed_is_what_the_template_says(grants: Sequence[Grant]) -> None:
    assert sorted((grant.role, grant.sid) for grant in grants) == sorted(STATEMENTS)


def test_every_call_is_allowed(grants: Sequence[Grant], proof: Proof) -> None:
    assert missing(grants, proof.needs) == []


@pytest.mark.parametrize(("role", "sid"), STATEMENTS)
def test_no_action_on_no_resource_is_spare(role: str, sid: str, grants: Sequence[Grant], proof: Proof) -> None:
    assert [str(piece) for piece in spare([find(grants, role, sid)], proof.needs)] == []


@pytest.mark.parametrize(("role", "sid"), STATEMENTS)
def test_without_the_statement_a_flow_breaks(
    role: str,
    sid: str,
    world: World,
    grants: Sequence[Grant],
    proof: Proof,
    record_property: Callable[[str, object], None],
) -> None:
    """What the engine enforces is seen to break; what it does not is needed by AWS itself, and by nothing else."""
    grant = find(grants, role, sid)
    relying = proof.flows_on(grant)
    if not relying:
        needed = resting_on(grant, grants, proof.needs)
        assert needed
        assert not any(need.enforced for need in needed)
        return
    with world.without(role, sid):
        broken = next((flow for flow in relying if _breaks(flow, world)), None)
    assert broken, f"{role} does without {sid} in {[flow.__name__ for flow in relying]}"
    record_property("breaks", broken.__name__)
    world.records.clear()
    broken(world)


def _breaks(flow: Flow, world: World) -> bool:
    world.records.clear()
    try:
        flow(world)
    except BROKEN:
        return True
    return False


@pytest.mark.parametrize(("role", "sid"), STATEMENTS)
def test_a_template_without_the_statement_is_noticed(
    role: str, sid: str, grants: Sequence[Grant], proof: Proof
) -> None:
    removed = find(grants, role, sid)
    assert complaints([grant for grant in grants if grant != removed], proof.needs)


@pytest.mark.parametrize(("role", "sid"), STATEMENTS)
def test_a_template_with_everything_in_the_statement_is_noticed(
    role: str, sid: str, grants: Sequence[Grant], proof: Proof
) -> None:
    grant = find(grants, role, sid)
    widened = replace(grant, actions=(*grant.actions, EVERYTHING))
    assert complaints([widened if one == grant else one for one in grants], proof.needs)
