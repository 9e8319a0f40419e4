import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """An environment variable is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The distribution's configuration; see README.md for the variable behind each field.

    URLs carry no trailing slash. `public_url` is the scheme and host that signed resources name.
    """

    host: str
    port: int
    deployment_file: Path
    s3_endpoint_url: str
    public_url: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def is_https(self) -> bool:
        """Whether viewers come by https."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError."""
        return cls(
            host=environ.get("HOST", "127.0.0.1"),
            port=_port(environ.get("PORT", "8080")),
            deployment_file=Path(_required(environ, "CDN_DEPLOYMENT_FILE")),
            s3_endpoint_url=_url(environ, "CDN_S3_ENDPOINT_URL"),
            public_url=_origin(environ, "CDN_PUBLIC_URL", "http://127.0.0.1:8080"),
            region=environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            access_key_id=_required(environ, "AWS_ACCESS_KEY_ID"),
            secret_access_key=_required(environ, "AWS_SECRET_ACCESS_KEY"),
        )


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
