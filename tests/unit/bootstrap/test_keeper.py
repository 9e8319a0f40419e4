"""The keeper deploys when the engine has forgotten the stack or a source has changed, and otherwise keeps still."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from bootstrap import compose
from bootstrap.compose import Keeper, Settings
from bootstrap.errors import DeploymentError

ENVIRONMENT = {
    "SITE_PORT": "9000",
    "ENGINE_PORT": "9001",
    "MEDIACONVERT_PORT": "9002",
    "COGNITO_PORT": "9003",
    "COMPOSE_PROJECT_NAME": "project",
}


class Stack:
    """What the keeper sees, says and does."""

    def __init__(self) -> None:
        self.deployed = True
        self.reachable = True
        self.failure: Exception | None = None
        self.deployments = 0
        self.said: list[str] = []

    def is_deployed(self) -> bool:
        if not self.reachable:
            raise EndpointConnectionError(endpoint_url="http://localstack:4566")
        return self.deployed

    def deploy(self, _settings: Settings) -> None:
        if self.failure:
            raise self.failure
        self.deployments += 1
        self.deployed = True


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    stack = Stack()
    (tmp_path / "page.js").write_text("1")
    replaced: dict[str, Any] = {
        "SITE": tmp_path,
        "FUNCTIONS": tmp_path / "functions",
        "deployment_check": lambda _setup: stack.is_deployed,
        "deploy": stack.deploy,
        "say": stack.said.append,
    }
    for name, value in replaced.items():
        monkeypatch.setattr(compose, name, value)
    return stack


@pytest.fixture
def look(stack: Stack) -> Callable[[], None]:
    return Keeper(Settings.from_environ(ENVIRONMENT))._look


def test_a_stack_that_is_there_is_left_alone(stack: Stack, look: Callable[[], None]) -> None:
    look()
    look()
    assert (stack.deployments, stack.said) == (0, [])


def test_a_forgotten_stack_is_deployed_again(stack: Stack, look: Callable[[], None]) -> None:
    stack.deployed = False
    look()
    look()
    assert (stack.deployments, stack.said) == (1, ["Deployed: http://127.0.0.1:9000"])


def test_a_changed_source_is_deployed_once(stack: Stack, look: Callable[[], None], tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("22")
    look()
    look()
    assert stack.deployments == 1


def test_an_engine_that_is_away_is_mentioned_once_and_waited_for(stack: Stack, look: Callable[[], None]) -> None:
    stack.reachable = False
    look()
    look()
    assert (stack.deployments, len(stack.said)) == (0, 1)

    stack.reachable, stack.deployed = True, False
    look()
    assert stack.deployments == 1


def test_a_failure_is_said_and_tried_again(stack: Stack, look: Callable[[], None]) -> None:
    stack.deployed = False
    stack.failure = DeploymentError("the reason")
    look()
    assert stack.said == ["the reason"]

    stack.failure = None
    look()
    assert stack.deployments == 1
