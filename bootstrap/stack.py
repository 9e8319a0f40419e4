"""Creates and updates a CloudFormation stack through change sets, the same way on every engine."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from bootstrap.advice import with_advice
from bootstrap.changes import Change, read_changes, refuse_data_loss
from bootstrap.errors import DeclinedError, DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackResourceSummaryTypeDef, StackTypeDef

# A stack in this state was never created: only a change set of type CREATE fits.
NEVER_CREATED = "REVIEW_IN_PROGRESS"
# A creation that failed and could not be undone whole: something of it is still there.
HALF_UNDONE = "ROLLBACK_FAILED"
# A creation that failed: the stack can only be deleted.
CREATION_UNDONE = frozenset({"ROLLBACK_COMPLETE", HALF_UNDONE})
SETTLED = ("_COMPLETE", "_FAILED")
SUCCESSES = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
# What CloudFormation says, in its two wordings, when nothing differs.
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
# Fast is for an engine on this machine, steady for one that somebody watches there, slow for AWS.
POLL_SECONDS = {"fast": 0.05, "steady": 0.5, "slow": 5.0}
TIMEOUT_SECONDS = 3600.0
TAGS = {"application": "sstech-video"}

Pace = Literal["fast", "steady", "slow"]
Kind = Literal["CREATE", "UPDATE", "IMPORT"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """Outputs of the stack, and whether this deployment changed anything."""

    changed: bool
    outputs: dict[str, str]


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """One line of a stack's events: `status` as CloudFormation's resource statuses."""

    logical_id: str
    resource_type: str
    status: str
    reason: str


def _accept(_changes: Sequence[Change]) -> bool:
    return True


def _ignore(_event: ResourceEvent) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who decides on a change set and who follows its events. By default nobody is asked and nobody listens."""

    approve: Callable[[Sequence[Change]], bool] = _accept
    follow: Callable[[ResourceEvent], None] = _ignore


@dataclass(frozen=True, slots=True)
class Definition:
    """What a stack is to be. `template_url` None keeps the stack's own template.

    Of `parameters`, None keeps the stack's value. `imports` are existing resources that the stack is to adopt.
    """

    template_url: str | None
    parameters: Mapping[str, str | None]
    imports: tuple[Mapping[str, Any], ...] = ()
    tags: Mapping[str, str] | None = None


def deploy_stack(
    cloudformation: "CloudFormationClient",
    name: str,
    *,
    template_url: str | None,
    parameters: Mapping[str, str | None],
    pace: Pace = "slow",
    audience: Audience | None = None,
    tags: Mapping[str, str] | None = None,
) -> Deployed:
    """Brings stack `name` to the template; nothing to change is a success.

    Raises:
        DeploymentError: the change set was refused or the stack rolled back; carries the first real cause.
        DeclinedError: `audience` did not approve of the changes.
    """
    definition = Definition(template_url, parameters, tags=tags)
    return apply_definition(cloudformation, name, definition, pace=pace, audience=audience or Audience())


def apply_definition(
    cloudformation: "CloudFormationClient", name: str, definition: Definition, *, pace: Pace, audience: Audience
) -> Deployed:
    """As `deploy_stack`, with all that a definition can say."""
    poll = POLL_SECONDS[pace]
    change_set = f"deploy-{time.time_ns()}"
    kind: Kind = "UPDATE" if ready_stack(cloudformation, name, poll) else "CREATE"
    _create_change_set(cloudformation, name, change_set, "IMPORT" if definition.imports else kind, definition)
    if not _change_set_is_ready(cloudformation, name, change_set, poll):
        return Deployed(False, stack_outputs(cloudformation, name))
    try:
        _review(read_changes(cloudformation, name, change_set), audience)
    except BaseException:
        _drop_change_set(cloudformation, name, change_set, kind)
        raise
    _execute(cloudformation, name, change_set, poll, audience)
    return Deployed(True, stack_outputs(cloudformation, name))


def ready_stack(cloudformation: "CloudFormationClient", name: str, poll: float) -> "StackTypeDef | None":
    """The stack, once nothing is going on in it; None when there is none or a failed creation was cleared away.

    An interrupted deployment goes on by itself in CloudFormation: whoever comes next waits for its end.

    Raises:
        DeploymentError: the stack is in a state that only its owner can resolve.
    """
    stack = find_stack(cloudformation, name)
    if stack is None:
        return None
    status = settled_status(cloudformation, name, poll)
    if status in CREATION_UNDONE:
        delete_stack(cloudformation, name, poll=poll)
        return None
    if status == "UPDATE_ROLLBACK_FAILED":
        cloudformation.continue_update_rollback(StackName=name)
        status = settled_status(cloudformation, name, poll)
    if status == "DELETE_FAILED":
        raise DeploymentError(f"{name} is half deleted. Finish that first: python3 scripts/dev.py destroy.")
    if status.endswith("_FAILED"):
        cause = first_cause(cloudformation, name, _latest_operation(cloudformation, name))
        raise DeploymentError(
            f"{name} is {status}, because of {cause} Look at it in the console of CloudFormation, then try again."
        )
    return find_stack(cloudformation, name)


def stack_outputs(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """The stack's outputs by key."""
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def stack_parameters(stack: "StackTypeDef | None") -> dict[str, str]:
    """The parameters that the stack was last deployed with."""
    parameters = stack.get("Parameters", []) if stack else []
    return {one["ParameterKey"]: one.get("ParameterValue", "") for one in parameters}


def find_stack(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    """The stack, or None when it was never created."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == NEVER_CREATED else stack


def physical_ids(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """The resources that the stack has, by their logical ids."""
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for resource in _resources(cloudformation, name)
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    }


def delete_stack(
    cloudformation: "CloudFormationClient",
    name: str,
    *,
    poll: float,
    audience: Audience | None = None,
    may_stay: Collection[str] = (),
) -> None:
    """Deletes the stack but for what its template retains; one that is not there is no error.

    `may_stay` are logical ids of resources that are left where they are if they cannot be deleted.

    Raises:
        DeploymentError: something could not be deleted; carries the first real cause.
    """
    stack = find_stack(cloudformation, name)
    if stack is None:
        return
    # By its id a stack can still be asked about when it is gone.
    stack_id = stack["StackId"]
    before = _latest_event(cloudformation, stack_id)
    followed = audience or Audience()
    status = _delete(cloudformation, stack_id, poll, followed)
    undeleted = _undeleted(cloudformation, stack_id) if status == "DELETE_FAILED" else set()
    if undeleted and undeleted <= set(may_stay):
        # CloudFormation takes this list only when it has tried.
        status = _delete(cloudformation, stack_id, poll, followed, RetainResources=sorted(undeleted))
    if status != "DELETE_COMPLETE":
        cause = first_cause(cloudformation, stack_id, _events_since(cloudformation, stack_id, before))
        raise DeploymentError(f"{name} could not be deleted: {cause}")


def _delete(cloudformation: "CloudFormationClient", stack_id: str, poll: float, audience: Audience, **how: Any) -> str:
    before = _latest_event(cloudformation, stack_id)
    cloudformation.delete_stack(StackName=stack_id, ClientRequestToken=_token(), **how)
    return _follow(cloudformation, stack_id, before, poll, audience)


def _undeleted(cloudformation: "CloudFormationClient", stack_id: str) -> set[str]:
    """Logical ids of what the last deletion could not delete."""
    return {
        resource["LogicalResourceId"]
        for resource in _resources(cloudformation, stack_id)
        if resource["ResourceStatus"] == "DELETE_FAILED"
    }


def _resources(cloudformation: "CloudFormationClient", name: str) -> "Iterator[StackResourceSummaryTypeDef]":
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
        yield from page["StackResourceSummaries"]


def _create_change_set(
    cloudformation: "CloudFormationClient", name: str, change_set: str, kind: Kind, definition: Definition
) -> None:
    source: dict[str, Any] = {"UsePreviousTemplate": True}
    if definition.template_url is not None:
        source = {"TemplateURL": definition.template_url}
    if definition.imports:
        source["ResourcesToImport"] = list(definition.imports)
    else:
        # An import may not touch the tags; the deployment after it sets them.
        source["Tags"] = [{"Key": key, "Value": value} for key, value in (definition.tags or TAGS).items()]
    try:
        cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            Parameters=[
                {"ParameterKey": key, "UsePreviousValue": True}
                if value is None
                else {"ParameterKey": key, "ParameterValue": value}
                for key, value in definition.parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            **source,
        )
    except ClientError as error:
        raise DeploymentError(with_advice(f"CloudFormation refused the change: {_message(error)}")) from error


def _review(changes: Sequence[Change], audience: Audience) -> None:
    refuse_data_loss(changes)
    if not audience.approve(changes):
        raise DeclinedError("Nothing was changed.")


def _change_set_is_ready(cloudformation: "CloudFormationClient", name: str, change_set: str, poll: float) -> bool:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        described = cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set)
        if described["Status"] == "CREATE_COMPLETE":
            return True
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "no reason given")
            cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
            if any(words in reason for words in NO_CHANGES):
                return False
            raise DeploymentError(with_advice(f"CloudFormation refused the change: {reason}"))
        time.sleep(poll)
    raise DeploymentError("CloudFormation did not finish the change set within an hour: try again.")


def _drop_change_set(cloudformation: "CloudFormationClient", name: str, change_set: str, kind: Kind) -> None:
    cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
    if kind == "CREATE" and find_stack(cloudformation, name) is None:
        # The shell of a stack that was never created.
        cloudformation.delete_stack(StackName=name)


def _execute(
    cloudformation: "CloudFormationClient", name: str, change_set: str, poll: float, audience: Audience
) -> None:
    before = _latest_event(cloudformation, name)
    cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set, ClientRequestToken=_token())
    status = _follow(cloudformation, name, before, poll, audience)
    if status not in SUCCESSES:
        cause = first_cause(cloudformation, name, _events_since(cloudformation, name, before))
        raise DeploymentError(with_advice(f"The deployment failed and was undone: {cause}"))


def _follow(
    cloudformation: "CloudFormationClient", name: str, before: str | None, poll: float, audience: Audience
) -> str:
    """Reports each event after the event `before` until the stack is settled; returns the stack's status."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    latest = before
    while time.monotonic() < deadline:
        # Status first: events that were there before it settled are all seen.
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        has_ended = status.endswith(SETTLED)
        if has_ended or audience.follow is not _ignore:
            for event in reversed(_events_since(cloudformation, name, latest)):
                latest = event["EventId"]
                audience.follow(_resource_event(event))
        # A stack that was settled before has no event of this operation yet.
        if has_ended and latest != before:
            return status
        time.sleep(poll)
    raise DeploymentError(f"{name} is still at work after an hour. Run the same command again to go on waiting.")


def settled_status(cloudformation: "CloudFormationClient", name: str, poll: float) -> str:
    """The stack's status, once nothing is going on in it. Raises: DeploymentError: not within an hour."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if status.endswith(SETTLED):
            return status
        time.sleep(poll)
    raise DeploymentError(f"{name} is still at work after an hour. Run the same command again to go on waiting.")


def first_cause(cloudformation: "CloudFormationClient", name: str, events: "Sequence[StackEventTypeDef]") -> str:
    """The oldest failure of an operation's `events`, newest first: later ones are only its consequences."""
    if any(event.get("DetailedStatus") == "VALIDATION_FAILED" for event in events):
        return _validation_failures(cloudformation, name)
    causes = [
        f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', '')}"
        for event in events
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "")
        and event.get("PhysicalResourceId") != event.get("StackId")
    ]
    return causes[-1] if causes else "no resource gave a reason; see the stack's events."


def _validation_failures(cloudformation: "CloudFormationClient", name: str) -> str:
    """What CloudFormation found wrong before it began: all of it, since nothing of it is another's consequence."""
    found = cloudformation.describe_events(StackName=name, Filters={"FailedEvents": True})["OperationEvents"]
    latest = found[0].get("OperationId") if found else None
    return " ".join(
        f"{event.get('LogicalResourceId')}: {event['ValidationStatusReason']}"
        for event in found
        if event.get("ValidationStatusReason") and event.get("OperationId") == latest
    )


def _events_since(cloudformation: "CloudFormationClient", name: str, before: str | None) -> "list[StackEventTypeDef]":
    """The stack's events after the one with the id `before` (None: all there are), newest first."""
    return list(takewhile(lambda event: event["EventId"] != before, _events(cloudformation, name)))


def _latest_event(cloudformation: "CloudFormationClient", name: str) -> str | None:
    return next((event["EventId"] for event in _events(cloudformation, name)), None)


def _latest_operation(cloudformation: "CloudFormationClient", name: str) -> "list[StackEventTypeDef]":
    """The events of whatever was last done to the stack, newest first: they share a token."""
    operations = groupby(_events(cloudformation, name), key=lambda event: event.get("ClientRequestToken"))
    return next((list(events) for _token, events in operations), [])


def _events(cloudformation: "CloudFormationClient", name: str) -> "Iterator[StackEventTypeDef]":
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
        yield from page["StackEvents"]


def _resource_event(event: "StackEventTypeDef") -> ResourceEvent:
    return ResourceEvent(
        event.get("LogicalResourceId", ""),
        event.get("ResourceType", ""),
        event.get("ResourceStatus", ""),
        event.get("ResourceStatusReason", ""),
    )


def _token() -> str:
    return f"sstech-{uuid.uuid4()}"


def _message(error: ClientError) -> str:
    return error.response["Error"].get("Message", str(error))
