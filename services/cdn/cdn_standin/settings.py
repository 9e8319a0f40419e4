import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


class SettingsError(ValueError):
    """An environment variable is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The distribution's configuration; see README.md for the variable behind each field.

    URLs carry no trailing slash. `public_url` is the scheme and host that signed resources name.
    """

    host: str
    port: int
    site_bucket: str
    media_bucket: str
    s3_endpoint_url: str
    public_s3_endpoint_url: str
    api_origin_url: str
    public_url: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    public_keys: Mapping[str, RSAPublicKey] = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError."""
        s3_endpoint_url = _url(environ, "CDN_S3_ENDPOINT_URL")
        return cls(
            host=environ.get("HOST", "127.0.0.1"),
            port=_port(environ.get("PORT", "8080")),
            site_bucket=_required(environ, "CDN_SITE_BUCKET"),
            media_bucket=_required(environ, "CDN_MEDIA_BUCKET"),
            s3_endpoint_url=s3_endpoint_url,
            public_s3_endpoint_url=_url(environ, "CDN_PUBLIC_S3_ENDPOINT_URL", s3_endpoint_url),
            api_origin_url=_url(environ, "CDN_API_ORIGIN_URL"),
            public_url=_origin(environ, "CDN_PUBLIC_URL", "http://127.0.0.1:8080"),
            region=environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            access_key_id=_required(environ, "AWS_ACCESS_KEY_ID"),
            secret_access_key=_required(environ, "AWS_SECRET_ACCESS_KEY"),
            public_keys=read_public_keys(Path(_required(environ, "CDN_PUBLIC_KEYS_FILE"))),
        )


def read_public_keys(path: Path) -> dict[str, RSAPublicKey]:
    """The trusted key group: a JSON object of CloudFront key pair id to PEM public key.

    Raises: SettingsError.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"CDN_PUBLIC_KEYS_FILE: cannot read {path} as JSON: {error}") from error
    if not isinstance(entries, dict) or not entries:
        raise SettingsError('CDN_PUBLIC_KEYS_FILE: expected {"<key pair id>": "<PEM public key>"}')
    return {str(key_id): _public_key(str(key_id), pem) for key_id, pem in entries.items()}


def _public_key(key_id: str, pem: object) -> RSAPublicKey:
    try:
        key = load_pem_public_key(str(pem).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"CDN_PUBLIC_KEYS_FILE: key {key_id} is not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise SettingsError(f"CDN_PUBLIC_KEYS_FILE: key {key_id} is not an RSA key")
    return key


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"set {name}; README.md says what it means")
    return value


def _url(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = environ.get(name) or default
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be an http or https URL without query, not {value!r}")
    return value.rstrip("/")


def _origin(environ: Mapping[str, str], name: str, default: str) -> str:
    value = _url(environ, name, default)
    if urlsplit(value).path:
        raise SettingsError(f"{name} must be scheme and host only, not {value!r}")
    return value


def _port(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise SettingsError(f"PORT must be a number from 1 to 65535, not {value!r}")
    return int(value)
