"""The site's build: with whatever Node there is, once for the same sources."""

import json
import re
import shutil
from pathlib import Path

import botocore.session
import pytest

from bootstrap import node
from bootstrap.errors import SiteBuildError
from bootstrap.packaging import ROOT
from bootstrap.site_build import SOURCES, build_site

BUILD = ROOT / "build"
# What the site asks Cognito for, by way of amazon-cognito-identity-js.
OPERATIONS = (
    "AssociateSoftwareToken",
    "ChangePassword",
    "ConfirmForgotPassword",
    "ConfirmSignUp",
    "ForgotPassword",
    "GlobalSignOut",
    "InitiateAuth",
    "ResendConfirmationCode",
    "RespondToAuthChallenge",
    "RevokeToken",
    "SignUp",
    "VerifySoftwareToken",
)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCES, tmp_path / "frontend", ignore=shutil.ignore_patterns("node_modules")))


def test_the_same_sources_are_built_once(sources: Path) -> None:
    built = build_site(BUILD)
    before = (built / "index.html").stat().st_mtime_ns
    assert build_site(BUILD, sources=sources) == built
    assert (built / "index.html").stat().st_mtime_ns == before


def test_a_mistake_in_the_sources_is_told(sources: Path) -> None:
    (sources / "src" / "start.js").write_text("import './no-such-module.js';")
    with pytest.raises(SiteBuildError, match="no-such-module"):
        build_site(BUILD, sources=sources)


def test_the_page_has_nothing_inline() -> None:
    page = (build_site(BUILD) / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page) == [""]
    assert "<style" not in page
    assert not re.search(r"\s(on\w+|style)=", page)
    assert "http" not in page


def test_everything_under_assets_has_a_hash_in_its_name() -> None:
    assets = list((build_site(BUILD) / "assets").iterdir())
    assert len(assets) > 5
    assert all(re.search(r"-[\w-]{8}\.\w+$", asset.name) for asset in assets)


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name and not package.get("link"))


@pytest.mark.parametrize(("version", "is_used"), [("v18.20.4", False), ("v20.18.9", False), ("v20.19.0", True)])
def test_only_a_recent_node_of_the_machine_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_used: bool
) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node, "_from_wheel", lambda _build: node.Node(Path("wheel"), ("npm",)))
    assert (node.find_node(BUILD).node == tmp_path / "node") is is_used


def test_each_error_that_cognito_can_give_is_known_to_the_site() -> None:
    model = botocore.session.get_session().get_service_model("cognito-idp")
    errors = {error.name for name in OPERATIONS for error in model.operation_model(name).error_shapes}
    known = (SOURCES / "src" / "account" / "cognito-errors.js").read_text(encoding="utf-8")
    assert {error for error in errors if f'["{error}"' not in known} == set()
