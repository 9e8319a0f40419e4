"""Following a stack's events, on engines that name the operation in each event and on those that do not."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from bootstrap.errors import DeploymentError
from bootstrap.stack import Audience, ResourceEvent, delete_stack, deploy_stack

NAME = "tiny"


class Recorded:
    """A CloudFormation with one stack; every operation on it plays the events it was given."""

    def __init__(self, *, names_operations: bool) -> None:
        self._names_operations = names_operations
        self._events: list[dict[str, Any]] = []
        self._status = "UPDATE_COMPLETE"
        self.operations: list[list[tuple[str, str, str]]] = []
        self.retained: list[str] = []
        # What was done to the stack before the test.
        self._play("an earlier one", [("Old", "UPDATE_FAILED", "an old story"), (NAME, "UPDATE_COMPLETE", "")])

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803  # boto3's names, here and below
        return {"Stacks": [{"StackName": StackName, "StackId": NAME, "StackStatus": self._status, "Outputs": []}]}

    def create_change_set(self, **_: Any) -> None:
        return None

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return {"Status": "CREATE_COMPLETE", "Changes": []}

    def get_paginator(self, operation: str) -> "Recorded":
        self._operation = operation
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        if self._operation == "describe_change_set":
            yield {"Changes": []}
            return
        if self._operation == "list_stack_resources":
            latest = {event["LogicalResourceId"]: event for event in self._events}
            yield {"StackResourceSummaries": [event for name, event in latest.items() if name != NAME]}
            return
        for event in reversed(self._events):
            yield {"StackEvents": [event]}

    def execute_change_set(self, ClientRequestToken: str, **_: Any) -> None:  # noqa: N803
        self._play(ClientRequestToken, self.operations.pop(0))

    def delete_stack(self, ClientRequestToken: str, RetainResources: tuple[str, ...] = (), **_: Any) -> None:  # noqa: N803
        self.retained += RetainResources
        self._play(ClientRequestToken, self.operations.pop(0))

    def _play(self, token: str, events: list[tuple[str, str, str]]) -> None:
        named = {"ClientRequestToken": token} if self._names_operations else {}
        for logical_id, status, reason in events:
            self._events.append(
                {
                    "EventId": str(len(self._events)),
                    "StackId": NAME,
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": logical_id,
                    "ResourceStatus": status,
                    "ResourceStatusReason": reason,
                    **named,
                }
            )
        self._status = events[-1][1]


@pytest.fixture(params=[True, False], ids=["operations named", "operations not named"])
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return Recorded(names_operations=request.param)


def deploy(recorded: Recorded, followed: list[ResourceEvent]) -> None:
    audience = Audience(follow=followed.append)
    deploy_stack(cast(Any, recorded), NAME, template_url="", parameters={}, pace="fast", audience=audience)


def test_only_the_operations_own_events_are_reported_each_once(recorded: Recorded) -> None:
    recorded.operations = [
        [("One", "UPDATE_COMPLETE", ""), (NAME, "UPDATE_COMPLETE", "")],
        [("Two", "UPDATE_COMPLETE", ""), (NAME, "UPDATE_COMPLETE", "")],
    ]
    first: list[ResourceEvent] = []
    second: list[ResourceEvent] = []

    deploy(recorded, first)
    deploy(recorded, second)

    assert [event.logical_id for event in first] == ["One", NAME]
    assert [event.logical_id for event in second] == ["Two", NAME]


def test_the_cause_of_a_failure_is_the_operations_own(recorded: Recorded) -> None:
    recorded.operations = [
        [
            ("Queue", "UPDATE_FAILED", "the name is taken"),
            ("Topic", "UPDATE_FAILED", "a consequence"),
            (NAME, "UPDATE_ROLLBACK_COMPLETE", ""),
        ]
    ]

    with pytest.raises(DeploymentError, match="Queue: the name is taken"):
        deploy(recorded, [])


def test_the_cause_of_a_failed_deletion_is_its_own(recorded: Recorded) -> None:
    recorded.operations = [[("Bucket", "DELETE_FAILED", "it is not empty"), (NAME, "DELETE_FAILED", "")]]

    with pytest.raises(DeploymentError, match="Bucket: it is not empty"):
        delete_stack(cast(Any, recorded), NAME, poll=0)


def test_what_may_stay_is_left_when_it_cannot_be_deleted(recorded: Recorded) -> None:
    recorded.operations = [
        [("Old", "DELETE_COMPLETE", ""), ("Pool", "DELETE_FAILED", "it is protected"), (NAME, "DELETE_FAILED", "")],
        [("Pool", "DELETE_SKIPPED", ""), (NAME, "DELETE_COMPLETE", "")],
    ]

    delete_stack(cast(Any, recorded), NAME, poll=0, may_stay=("Pool", "Bucket"))

    assert recorded.retained == ["Pool"]
    assert recorded.operations == []


def test_what_may_stay_does_not_hide_what_may_not(recorded: Recorded) -> None:
    recorded.operations = [
        [("Bucket", "DELETE_FAILED", "it is not empty"), ("Pool", "DELETE_FAILED", ""), (NAME, "DELETE_FAILED", "")]
    ]

    with pytest.raises(DeploymentError, match="Bucket: it is not empty"):
        delete_stack(cast(Any, recorded), NAME, poll=0, may_stay=("Pool",))
    assert recorded.retained == []
