"""`dev.py` on the compose engine, with a `docker` program that only writes down what it is asked."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from rich.console import Console

from devstack.settings import Settings, SettingsError
from devstack.stack import compose, up
from devstack.stack.compose import ComposeError

# Answers as far as the commands look at them; its folder holds the containers to report and the exit codes.
DOCKER = f"""#!{sys.executable}
import json, os, pathlib, sys
folder = pathlib.Path(__file__).parent
words = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    wanted = ("SITE_PORT", "COGNITO_PORT", "DEV_STATE_DIR")
    calls.write(json.dumps([words, {{name: os.environ.get(name) for name in wanted}}]) + "\\n")
fails = json.loads((folder / "fails").read_text())
for word, message in fails.items():
    if word in words:
        print(message, file=sys.stderr)
        sys.exit(1)
if "ps" in words:
    print((folder / "containers").read_text())
if "logs" in words:
    print("bootstrap-1  | the reason")
"""


class Docker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        program = folder / "docker"
        program.write_text(DOCKER)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.fails()
        self.runs()

    def fails(self, **words: str) -> None:
        (self._folder / "fails").write_text(json.dumps(words))

    def runs(self, *containers: dict[str, object]) -> None:
        (self._folder / "containers").write_text("\n".join(map(json.dumps, containers)))

    def calls(self, word: str) -> list[tuple[list[str], dict[str, str]]]:
        """Commands that hold the word, with what they found in their environment."""
        file = self._folder / "calls"
        calls = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [(words, environment) for words, environment in calls if word in words]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    docker = Docker(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.delenv("COMPOSE_PROJECT_NAME", raising=False)
    # No container of these tests takes a port.
    monkeypatch.setattr(compose, "require_free_ports", lambda _settings: None)
    return docker


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    state = tmp_path / "state"
    state.mkdir()
    return Settings.load({"DEV_PORT_BASE": "9000", "DEV_STATE_DIR": str(state)})


def deployed(settings: Settings) -> None:
    """As the deployer's container leaves it."""
    settings.outputs_file.write_text('{"SiteUrl": "here"}')


def test_a_stack_with_ports_of_its_own_is_a_project_of_its_own() -> None:
    assert Settings.load({}).compose_project == "sstech-video"
    assert Settings.load({"DEV_PORT_BASE": "9000"}).compose_project == "sstech-video-9000"
    named = Settings.load({"DEV_PORT_BASE": "9000", "COMPOSE_PROJECT_NAME": "mine"})
    assert named.compose_project == "mine"


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"DEV_ENGINE is 'aws'.*embedded, compose"):
        Settings.load({"DEV_ENGINE": "aws"})


def test_up_waits_for_health_on_the_ports_of_this_stack(
    docker: Docker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = compose._run

    def deploying(settings: Settings, *arguments: str) -> None:
        run(settings, *arguments)
        deployed(settings)

    monkeypatch.setattr(compose, "_run", deploying)

    assert compose.bring_up(settings) == {"SiteUrl": "here"}

    [(words, environment)] = docker.calls("up")
    assert {"--wait", "--build", settings.compose_project} <= set(words)
    assert environment == {
        "SITE_PORT": str(settings.port_base),
        "COGNITO_PORT": str(settings.port_base + 3),
        "DEV_STATE_DIR": str(settings.state_dir),
    }
    assert compose.is_used(settings)


def test_a_failed_up_gives_the_reason_and_leaves_nothing(docker: Docker, settings: Settings) -> None:
    docker.fails(up="exit code 1")
    docker.runs({"Service": "bootstrap", "State": "exited", "ExitCode": 1})
    # A stack that ran before is left alone; this one did not.
    real = compose._containers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "_containers", lambda stack, *states: [] if states else real(stack))
        with pytest.raises(ComposeError, match="the reason"):
            compose.bring_up(settings)

    assert docker.calls("down")
    assert not compose.is_used(settings)


def test_down_forgets_the_data_only_when_told(docker: Docker, settings: Settings) -> None:
    deployed(settings)
    compose.bring_down(settings)
    compose.bring_down(settings, keep=False)

    first, second = (words for words, _environment in docker.calls("down"))
    assert "--volumes" not in first
    assert "--volumes" in second
    assert not settings.outputs_file.exists()


def test_down_finds_the_project_that_was_started_whatever_it_is_called_now(docker: Docker, settings: Settings) -> None:
    (settings.state_dir / "compose-project").write_text("earlier\n")
    compose.bring_down(settings)
    [(words, _environment)] = docker.calls("down")
    assert words[words.index("--project-name") + 1] == "earlier"


def test_without_docker_the_way_out_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ComposeError, match="--engine embedded"):
        compose.bring_up(settings)


def test_the_engine_that_runs_stays_unless_another_is_named(docker: Docker, settings: Settings) -> None:
    assert up._choose(settings, None) == "embedded"
    (settings.state_dir / "compose-project").write_text("project\n")
    docker.runs({"Service": "cdn", "State": "running"})

    assert up._choose(settings, None) == "compose"
    with pytest.raises(up.OtherEngineError, match=r"dev\.py down"):
        up._choose(settings, "embedded")


def test_a_project_that_was_taken_down_by_hand_is_not_running(docker: Docker, settings: Settings) -> None:
    (settings.state_dir / "compose-project").write_text("project\n")
    assert up._choose(settings, None) == "embedded"


def test_down_stops_the_other_engine_too_that_was_started_after_a_project_was_taken_down_by_hand(
    docker: Docker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.state_dir / "compose-project").write_text("project\n")
    stopped: list[bool] = []
    monkeypatch.setattr(up.embedded, "bring_down", lambda *_, keep: stopped.append(keep) or 4)

    assert up.bring_down(settings, Console(quiet=True), keep=False)

    assert stopped == [False]
    assert docker.calls("down")
