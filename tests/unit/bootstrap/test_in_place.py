"""An engine that only creates: code goes to its functions, anything else asks for a fresh engine."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine import running_engine

from bootstrap import platform
from bootstrap.errors import DeploymentError
from bootstrap.packaging import FUNCTIONS, Package, package_functions
from bootstrap.platform import Deployment, Engine, deploy_platform
from bootstrap.template import render_template

FUNCTION = "video-streaming-upload"


@pytest.fixture(scope="module")
def creator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("creator")) as url:
        yield Engine("us-east-1", url, "test", "test", updates_stacks=False)


@pytest.fixture
def code_digest(creator: Engine) -> Callable[[], str]:
    functions = creator.session().client("lambda", endpoint_url=creator.endpoint_url)
    return lambda: functions.get_function(FunctionName=FUNCTION)["Configuration"]["CodeSha256"]


def test_a_second_deployment_changes_nothing(creator: Engine, deployment: Deployment) -> None:
    first = deploy_platform(creator, deployment)

    second = deploy_platform(creator, deployment)

    assert not second.changed
    assert second.outputs == first.outputs


def test_new_code_goes_to_the_functions(
    creator: Engine,
    deployment: Deployment,
    code_digest: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deploy_platform(creator, deployment)
    before = code_digest()
    sources = tmp_path / "functions"
    shutil.copytree(FUNCTIONS, sources)
    (sources / "changed.py").write_text("# new\n")

    def package(build: Path) -> Package:
        return package_functions(build, sources=sources)

    monkeypatch.setattr(platform, "package_functions", package)

    assert deploy_platform(creator, deployment).changed
    assert code_digest() != before
    monkeypatch.undo()
    assert deploy_platform(creator, deployment).changed
    assert code_digest() == before


def test_a_changed_template_asks_for_a_fresh_engine(
    creator: Engine, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_platform(creator, deployment)
    changed = render_template().replace("PathPart: videos", "PathPart: films")
    monkeypatch.setattr(platform, "render_template", lambda: changed)

    with pytest.raises(DeploymentError, match=r"template has changed.*start it again"):
        deploy_platform(creator, deployment)


def test_a_changed_parameter_is_named(creator: Engine, deployment: Deployment) -> None:
    deploy_platform(creator, deployment)
    moved = replace(deployment, parameters={**deployment.parameters, "SiteUrl": "http://127.0.0.1:2"})

    with pytest.raises(DeploymentError, match="SiteUrl"):
        deploy_platform(creator, moved)
