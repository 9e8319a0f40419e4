"""What the images are made of agrees with what the rest of the repository says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "requirements"
IMAGES = ("bootstrap", "cdn", "cognito", "mediaconvert")
PIN = re.compile(r"^[A-Za-z0-9._-]+==\S+(?: ;[^\\\n]*)? \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)
MARKER = re.compile(r" ;[^\\\n]*(?= \\\n)")
# Given by compose itself, from the file's own name of the project.
OF_COMPOSE = {"COMPOSE_PROJECT_NAME"}


def pins(name: str) -> set[str]:
    """The entries of a lock file, hashes included; for which Pythons depends on what else the file lists."""
    entries = (match.group().strip() for match in PIN.finditer((REQUIREMENTS / f"{name}.lock").read_text()))
    return {MARKER.sub("", entry) for entry in entries}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_the_versions_that_are_tested(image: str) -> None:
    assert pins(image)
    assert pins(image) <= pins("run")


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_what_its_list_names(image: str) -> None:
    listed = {
        line.split("#")[0].strip().split("==")[0] for line in (REQUIREMENTS / f"{image}.in").read_text().splitlines()
    }
    assert listed - {""} <= {pin.split("==")[0] for pin in pins(image)}


def test_every_variable_is_explained() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used <= explained | OF_COMPOSE


def test_nothing_listens_beyond_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_container_has_limits(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name


def test_only_localstack_reaches_docker(compose: dict[str, Any]) -> None:
    with_socket = [
        name for name, service in compose["services"].items() if "docker.sock" in str(service.get("volumes"))
    ]
    assert with_socket == ["localstack"]
