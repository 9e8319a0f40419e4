import json
import logging
from pathlib import Path
from typing import Any

import pytest
from cdn_harness import BACKENDS, LOCAL
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bootstrap.distribution import distribution_document
from bootstrap.signing_key import PublicKey
from cdn_standin.deployment import DeploymentError, DeploymentFile, read_deployment
from cdn_standin.distribution import ApiTarget, BucketTarget


def pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def document(private_key: rsa.RSAPrivateKey) -> dict[str, Any]:
    keys = (PublicKey("K1", pem(private_key.public_key())),)
    engine = {"executeApiUrl": "http://engine:4566/_aws/execute-api/"}
    return {**distribution_document(LOCAL, BACKENDS, keys), **engine}


@pytest.fixture
def file(tmp_path: Path, document: dict[str, Any]) -> Path:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(document))
    return path


def replace(file: Path, text: str) -> None:
    """As a deployer writes: a new file in the old one's place."""
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(file)


def test_the_file_is_the_deployment(file: Path) -> None:
    deployment = read_deployment(file)
    assert deployment.execute_api_url == "http://engine:4566/_aws/execute-api"
    targets = {path: deployment.distribution.behaviour(path).target for path in ("/", "/media/x", "/api/videos")}
    assert targets == {"/": BucketTarget("site"), "/media/x": BucketTarget("media"), "/api/videos": ApiTarget("rest")}
    assert set(deployment.distribution.behaviour("/media/x").keys or ()) == {"K1"}


def test_a_new_deployment_is_seen_at_once(file: Path, document: dict[str, Any]) -> None:
    source = DeploymentFile(file)
    assert source.current() is source.current()

    replace(file, json.dumps(document | {"executeApiUrl": "http://other"}))

    assert source.current().execute_api_url == "http://other"


@pytest.mark.parametrize("broken", ["", "{", '{"executeApiUrl": 1}'])
def test_a_broken_change_keeps_what_was_there_and_says_so_once(
    file: Path, document: dict[str, Any], broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = DeploymentFile(file)
    with caplog.at_level(logging.WARNING):
        replace(file, broken)
        assert source.current().execute_api_url.startswith("http://engine")
        assert source.current().execute_api_url.startswith("http://engine")
    assert len(caplog.records) == 1

    replace(file, json.dumps(document | {"executeApiUrl": "http://other"}))
    assert source.current().execute_api_url == "http://other"


def test_a_file_that_goes_away_changes_nothing(file: Path) -> None:
    source = DeploymentFile(file)
    file.unlink()
    assert source.current().execute_api_url.startswith("http://engine")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("executeApiUrl", None),
        ("executeApiUrl", "engine:4566"),
        ("executeApiUrl", "file:///etc"),
        ("distribution", None),
        ("responseHeadersPolicies", []),
        ("keyGroups", ["K1"]),
        ("keyGroups", {"SigningKeyGroup": {}}),
        ("keyGroups", {"SigningKeyGroup": {"K1": "no key"}}),
        ("keyGroups", {"SigningKeyGroup": {"K1": 7}}),
    ],
)
def test_a_wrong_member_is_named(file: Path, document: dict[str, Any], member: str, value: object) -> None:
    file.write_text(json.dumps(document | {member: value}))
    with pytest.raises(DeploymentError, match=member):
        read_deployment(file)


@pytest.mark.parametrize("content", ["", "[]", "7"])
def test_what_is_no_object_is_refused_by_its_path(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(DeploymentError, match=r"deployment\.json"):
        read_deployment(file)


def test_only_rsa_keys_are_trusted(file: Path, document: dict[str, Any]) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    file.write_text(json.dumps(document | {"keyGroups": {"SigningKeyGroup": {"K1": pem(key)}}}))
    with pytest.raises(DeploymentError, match="not an RSA key"):
        read_deployment(file)
