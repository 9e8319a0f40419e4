"""All flows once with every permission in place: what each of them called, and so what each role needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloudformation_template import read_template

from sstech_video import keys

from . import needs, reconciler_flows
from .flows import FLOWS, Flow
from .policies import Grant, Need
from .world import World

TEMPLATE = read_template()
RESOURCES: Mapping[str, Any] = TEMPLATE["Resources"]
ROLES = {name: resource for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"}
STATEMENTS = [
    *(
        (role, statement["Sid"])
        for role, resource in ROLES.items()
        for policy in resource["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ),
    *(
        (role["Ref"], statement["Sid"])
        for resource in RESOURCES.values()
        if resource["Type"] == "AWS::IAM::Policy"
        for role in resource["Properties"]["Roles"]
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ),
]
"""Every statement of every role of the template, as (role, sid)."""


def of_type(kind: str) -> Iterator[Mapping[str, Any]]:
    return (resource["Properties"] for resource in RESOURCES.values() if resource["Type"] == kind)


MODULES = (reconciler_flows,)
"""Importing them adds their flows to the others."""


@dataclass(frozen=True)
class Proof:
    """`by_flow` are the needs of each flow's calls, `beyond` those of what AWS does by itself in a role's name."""

    by_flow: Mapping[Flow, Sequence[Need]]
    beyond: Sequence[Need]

    @classmethod
    def gather(cls, world: World) -> Proof:
        """Raises what a flow raises that does not go through."""
        by_flow = {flow: _needs_of(world, flow) for flow in FLOWS}
        return cls(by_flow, [*_services_needs(world), *conversion_needs(world)])

    @property
    def needs(self) -> list[Need]:
        return [*{need: None for found in self.by_flow.values() for need in found}, *self.beyond]

    def flows_on(self, grant: Grant) -> list[Flow]:
        """The flows with an enforced need that this statement covers."""
        return [
            flow for flow, found in self.by_flow.items() if any(need.enforced and grant.covers(need) for need in found)
        ]


def _needs_of(world: World, flow: Callable[[World], None]) -> list[Need]:
    world.records.clear()
    flow(world)
    found = [need for record in world.records for need in needs.of_call(record.role, record.call, world.place)]
    return list(dict.fromkeys(found))


def _services_needs(world: World) -> Iterator[Need]:
    """By the template's own wiring: logs, pollers, failure destinations."""
    for function in world.functions.values():
        yield from needs.of_log_group(function.role, function.log_group_arn)
        yield from needs.of_tracing(function.role)
    for role, parameter in _signing_keys(world):
        yield Need(role, "ssm:GetParameter", parameter, "the keys take turns", enforced=False)
    for mapping in of_type("AWS::Lambda::EventSourceMapping"):
        yield from needs.of_polling(_role(world, mapping), _queue_arn(world, mapping["EventSourceArn"]))
    for config in of_type("AWS::Lambda::EventInvokeConfig"):
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination is None:
            continue
        yield from needs.of_failure_destination(_role(world, config), _queue_arn(world, destination))


def _signing_keys(world: World) -> Iterator[tuple[str, str]]:
    """Whichever slot signs today, the other one does after the next rotation."""
    function = world.functions["LibraryFunction"]
    active = function.environment["SIGNING_KEY_PARAMETER"]
    for slot in TEMPLATE["Parameters"]["ActiveSigningSlot"]["AllowedValues"]:
        yield function.role, world.place.arn("ssm", f"parameter{active.rpartition('/')[0]}/{slot}")


def conversion_needs(world: World) -> Iterator[Need]:
    """What MediaConvert does in the role of a job. The stand-in acts in that role too, so S3's part is enforced.

    ("Setting up IAM permissions" and "Creating the IAM role", AWS Elemental MediaConvert user guide.)
    """
    temp, media = world.outputs["TempBucketName"], world.outputs["MediaBucketName"]
    role = "ConversionRole"
    original = f"arn:aws:s3:::{temp}/uploads/o/v/original.mp4"
    yield Need(role, "s3:GetObject", original, "MediaConvert reads the original", enforced=False)
    for name in (keys.MP4_NAME, keys.HLS_NAME, keys.POSTER_NAME):
        output = f"arn:aws:s3:::{media}/media/o/v/1/{name}"
        yield Need(role, "s3:PutObject", output, "MediaConvert writes the outputs", enforced=False)
    for bucket in (temp, media):
        yield Need(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}", "MediaConvert looks at the bucket", enforced=False)


def _role(world: World, properties: Mapping[str, Any]) -> str:
    return world.functions[properties["FunctionName"]["Ref"]].role


def _queue_arn(world: World, reference: Mapping[str, str]) -> str:
    """`!GetAtt Queue.Arn`."""
    name = RESOURCES[reference["GetAtt"].removesuffix(".Arn")]["Properties"]["QueueName"]["Sub"]
    return world.place.arn("sqs", name.replace("${NameSuffix}", ""))
