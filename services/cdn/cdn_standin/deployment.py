"""What a deployment tells the distribution: its configuration, the keys it trusts and where API Gateway is."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from cdn_standin.distribution import Distribution, DistributionError, parse_distribution
from cdn_standin.headers_policies import HeadersPolicyError, parse_headers_policy

logger = logging.getLogger("cdn_standin")


class DeploymentError(ValueError):
    """The deployment file cannot be used; the message names the member that is wrong."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """`execute_api_url`, without a trailing slash, is what REST APIs are found under by their ids."""

    execute_api_url: str
    distribution: Distribution = field(repr=False)


class DeploymentFile:
    """The deployment that a file describes, read again whenever the file changes.

    A change that cannot be read is logged once, and what was there before stays.
    """

    def __init__(self, path: Path, *, is_https: bool = False) -> None:
        """`is_https` is how viewers come. Raises: DeploymentError."""
        self._path = path
        self._is_https = is_https
        self._seen = _version(path)
        self._deployment = read_deployment(path, is_https=is_https)

    def current(self) -> Deployment:
        version = _version(self._path)
        if version != self._seen:
            self._seen = version
            try:
                self._deployment = read_deployment(self._path, is_https=self._is_https)
            except DeploymentError as error:
                logger.warning("cdn: the former deployment stays: %s", error)
        return self._deployment


def read_deployment(path: Path, *, is_https: bool = False) -> Deployment:
    """Reads JSON as README.md describes it. Raises: DeploymentError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeploymentError(f"cannot read {path} as JSON: {error}") from error
    if not isinstance(document, dict):
        raise DeploymentError(f"{path} must hold a JSON object")
    return parse_deployment(document, is_https=is_https)


def parse_deployment(document: Mapping[str, Any], *, is_https: bool) -> Deployment:
    """Raises: DeploymentError."""
    try:
        distribution = parse_distribution(
            _object(document, "distribution"),
            headers_policies={
                name: parse_headers_policy(config, is_https=is_https)
                for name, config in _object(document, "responseHeadersPolicies").items()
            },
            key_groups={name: _public_keys(name, keys) for name, keys in _object(document, "keyGroups").items()},
        )
    except (DistributionError, HeadersPolicyError) as error:
        raise DeploymentError(str(error)) from error
    return Deployment(_url(document, "executeApiUrl"), distribution)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise DeploymentError(f"{name} must be an object, not {value!r}")
    return value


def _url(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise DeploymentError(f"{name} must be an http or https URL without query, not {value!r}")
    return str(value).rstrip("/")


def _public_keys(group: str, entries: Any) -> dict[str, RSAPublicKey]:
    if not isinstance(entries, dict) or not entries:
        raise DeploymentError(f'keyGroups: {group} must be {{"<key pair id>": "<PEM public key>"}}')
    return {str(key_id): _public_key(str(key_id), pem) for key_id, pem in entries.items()}


def _public_key(key_id: str, pem: object) -> RSAPublicKey:
    try:
        key = load_pem_public_key(str(pem).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DeploymentError(f"keyGroups: {key_id} is not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise DeploymentError(f"keyGroups: {key_id} is not an RSA key")
    return key
