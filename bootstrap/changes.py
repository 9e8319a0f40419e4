"""A change set as a person reviews it, and what no change set may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bootstrap.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ResourceChangeTypeDef

# What cannot be made again from this repository: accounts, videos, and the ids that both are known by. With each type
# the properties that CloudFormation cannot change in place (`createOnlyProperties` of its published schema).
STATEFUL_TYPES = {
    "AWS::S3::Bucket": frozenset({"BucketName", "BucketNamePrefix", "BucketNamespace"}),
    "AWS::Cognito::UserPool": frozenset[str](),
    "AWS::Cognito::UserPoolClient": frozenset({"GenerateSecret", "UserPoolId"}),
}

Replacement = Literal["no", "perhaps", "yes"]


@dataclass(frozen=True, slots=True)
class Change:
    """One resource of a change set. `action` is CloudFormation's: Add, Modify, Remove, Import, Dynamic.

    `replacement` is "perhaps" where CloudFormation knows only after the change of something else. `details` name the
    properties that differ; `is_kept` says that a removed resource itself stays.
    """

    action: str
    logical_id: str
    resource_type: str
    replacement: Replacement
    details: tuple[str, ...]
    is_kept: bool = False

    @property
    def loses_data(self) -> bool:
        """Whether something that holds people's data would be thrown away."""
        if self.resource_type not in STATEFUL_TYPES:
            return False
        if self.action == "Remove":
            return not self.is_kept
        fixed = STATEFUL_TYPES[self.resource_type]
        return self.replacement == "yes" or (self.replacement == "perhaps" and not fixed.isdisjoint(self.details))


def read_changes(cloudformation: "CloudFormationClient", stack: str, change_set: str) -> list[Change]:
    """The change set's resources, in the order that CloudFormation lists them."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=change_set)
    return [_change(one["ResourceChange"]) for page in pages for one in page["Changes"] if "ResourceChange" in one]


def refuse_data_loss(changes: Sequence[Change]) -> None:
    """Raises DeploymentError when a bucket or the accounts would be replaced."""
    lost = [f"{change.logical_id} ({change.resource_type})" for change in changes if change.loses_data]
    if lost:
        raise DeploymentError(
            f"This change would replace or remove {', '.join(lost)}, and what is in it would be gone. "
            "Nothing was changed. Undo the change of its name, or of what else CloudFormation cannot change in place."
        )


def _change(resource: "ResourceChangeTypeDef") -> Change:
    return Change(
        action=resource.get("Action", ""),
        logical_id=resource.get("LogicalResourceId", ""),
        resource_type=resource.get("ResourceType", ""),
        replacement=_replacement(resource),
        details=tuple(sorted({_target(detail) for detail in resource.get("Details", [])} - {""})),
        is_kept=resource.get("PolicyAction") == "Retain",
    )


def _replacement(resource: "ResourceChangeTypeDef") -> Replacement:
    if resource.get("Replacement") == "True":
        return "yes"
    if resource.get("Replacement") != "Conditional":
        return "no"
    # "Always" is a property, such as a name, whose every change means another resource.
    wanted = {detail.get("Target", {}).get("RequiresRecreation") for detail in resource.get("Details", [])}
    return "yes" if "Always" in wanted else "perhaps"


def _target(detail: Mapping[str, object]) -> str:
    target = detail.get("Target")
    if not isinstance(target, Mapping):
        return ""
    return str(target.get("Name") or target.get("Attribute") or "")
