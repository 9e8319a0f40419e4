"""What a deployment tells the distribution: its buckets, the API behind it and the keys it trusts."""

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

logger = logging.getLogger("cdn_standin")


class DeploymentError(ValueError):
    """The deployment file cannot be used; the message names the member that is wrong."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """`api_origin_url` carries no trailing slash; `public_keys` is the trusted key group, by key pair id."""

    site_bucket: str
    media_bucket: str
    api_origin_url: str
    public_keys: Mapping[str, RSAPublicKey] = field(repr=False)


class DeploymentFile:
    """The deployment that a file describes, read again whenever the file changes.

    A change that cannot be read is logged once, and what was there before stays.
    """

    def __init__(self, path: Path) -> None:
        """Raises: DeploymentError."""
        self._path = path
        self._seen = _version(path)
        self._deployment = read_deployment(path)

    def current(self) -> Deployment:
        version = _version(self._path)
        if version != self._seen:
            self._seen = version
            try:
                self._deployment = read_deployment(self._path)
            except DeploymentError as error:
                logger.warning("cdn: the former deployment stays: %s", error)
        return self._deployment


def read_deployment(path: Path) -> Deployment:
    """Reads JSON `{"siteBucket", "mediaBucket", "apiOriginUrl", "publicKeys": {id: PEM}}`. Raises: DeploymentError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeploymentError(f"cannot read {path} as JSON: {error}") from error
    if not isinstance(document, dict):
        raise DeploymentError(f"{path} must hold a JSON object")
    return Deployment(
        site_bucket=_text(document, "siteBucket"),
        media_bucket=_text(document, "mediaBucket"),
        api_origin_url=_url(document, "apiOriginUrl"),
        public_keys=_public_keys(document.get("publicKeys")),
    )


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise DeploymentError(f"{name} must be a name, not {value!r}")
    return value


def _url(document: Mapping[str, Any], name: str) -> str:
    value = _text(document, name)
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise DeploymentError(f"{name} must be an http or https URL without query, not {value!r}")
    return value.rstrip("/")


def _public_keys(entries: Any) -> dict[str, RSAPublicKey]:
    if not isinstance(entries, dict) or not entries:
        raise DeploymentError('publicKeys must be {"<key pair id>": "<PEM public key>"}')
    return {str(key_id): _public_key(str(key_id), pem) for key_id, pem in entries.items()}


def _public_key(key_id: str, pem: object) -> RSAPublicKey:
    try:
        key = load_pem_public_key(str(pem).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DeploymentError(f"publicKeys: {key_id} is not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise DeploymentError(f"publicKeys: {key_id} is not an RSA key")
    return key
