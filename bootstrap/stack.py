"""Creates and updates a CloudFormation stack through change sets, the same way on every engine."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError, WaiterError

from bootstrap.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# A stack in this state was never created: only a change set of type CREATE fits.
NEVER_CREATED = "REVIEW_IN_PROGRESS"
# What CloudFormation says, in its two wordings, when nothing differs.
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
POLL_SECONDS = {"fast": 0.05, "slow": 5.0}
TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """Outputs of the stack, and whether this deployment changed anything."""

    changed: bool
    outputs: dict[str, str]


def deploy_stack(
    cloudformation: "CloudFormationClient",
    name: str,
    *,
    template_url: str,
    parameters: Mapping[str, str],
    pace: Literal["fast", "slow"] = "slow",
) -> Deployed:
    """Brings stack `name` to the template; nothing to change is a success.

    Raises:
        DeploymentError: the change set was refused or the stack rolled back; carries the first real cause.
    """
    change_set = f"deploy-{time.time_ns()}"
    kind: Literal["CREATE", "UPDATE"] = "UPDATE" if find_stack(cloudformation, name) else "CREATE"
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=change_set,
        ChangeSetType=kind,
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": "application", "Value": "sstech-video"}],
    )
    changed = _change_set_is_ready(cloudformation, name, change_set, POLL_SECONDS[pace])
    if changed:
        _execute(cloudformation, name, change_set, kind, POLL_SECONDS[pace])
    return Deployed(changed, stack_outputs(cloudformation, name))


def stack_outputs(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """The stack's outputs by key."""
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def find_stack(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    """The stack, or None when it was never created."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == NEVER_CREATED else stack


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
            raise DeploymentError(f"CloudFormation refused the change: {reason}")
        time.sleep(poll)
    raise DeploymentError("CloudFormation did not finish the change set within an hour: try again.")


def _execute(
    cloudformation: "CloudFormationClient", name: str, change_set: str, kind: Literal["CREATE", "UPDATE"], poll: float
) -> None:
    cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set)
    waiter = cloudformation.get_waiter("stack_create_complete" if kind == "CREATE" else "stack_update_complete")
    try:
        waiter.wait(StackName=name, WaiterConfig={"Delay": poll, "MaxAttempts": int(TIMEOUT_SECONDS / poll)})  # type: ignore[typeddict-item]  # fractions of a second are fine
    except WaiterError as error:
        raise DeploymentError(f"The deployment failed and was undone: {first_cause(cloudformation, name)}") from error


def first_cause(cloudformation: "CloudFormationClient", name: str) -> str:
    """The oldest failure of the latest operation: later ones are only its consequences."""
    causes = []
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
        status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
        if event.get("LogicalResourceId") == name and status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
        if status.endswith("_FAILED") and "cancelled" not in reason:
            causes.append(f"{event.get('LogicalResourceId')}: {reason}")
    return causes[-1] if causes else "no resource gave a reason; see the stack's events."
