import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """An environment variable is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration; see README.md for the variable behind each field."""

    host: str
    port: int
    upstream_url: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    metrics_url: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError."""
        return cls(
            host=environ.get("HOST", "127.0.0.1"),
            port=_port(environ.get("PORT", "8083")),
            upstream_url=_url(environ, "COGNITO_UPSTREAM_URL"),
            region=environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            access_key_id=environ.get("AWS_ACCESS_KEY_ID") or "test",
            secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or "test",
            metrics_url=_url(environ, "CLOUDWATCH_URL") if environ.get("CLOUDWATCH_URL") else "",
        )


def _url(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"set {name} to the engine's http or https URL, not {value!r}")
    return value.rstrip("/")


def _port(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise SettingsError(f"PORT must be a number from 1 to 65535, not {value!r}")
    return int(value)
