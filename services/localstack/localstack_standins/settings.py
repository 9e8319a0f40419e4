"""What the plugin is told by the environment of the LocalStack container."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

COGNITO = "cognito-idp"
MEDIACONVERT = "mediaconvert"
URL_VARIABLES = {COGNITO: "COGNITO_STANDIN_URL", MEDIACONVERT: "MEDIACONVERT_STANDIN_URL"}
LICENCE_VARIABLE = "LOCALSTACK_AUTH_TOKEN"


class SettingsError(ValueError):
    """An environment variable has a value that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the stand-ins are, by AWS's name of the service; a service without an address is left alone."""

    urls: Mapping[str, str]
    licensed: bool
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: SettingsError."""
        urls = {
            service: _url(variable, environ[variable])
            for service, variable in URL_VARIABLES.items()
            if environ.get(variable)
        }
        return cls(
            urls=urls,
            licensed=bool(environ.get(LICENCE_VARIABLE)),
            access_key_id=environ.get("AWS_ACCESS_KEY_ID") or "test",
            secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or "test",
        )

    def stand_ins(self, image_has: Callable[[str], bool]) -> dict[str, str]:
        """Addresses of the services to take over: not those that a licensed image brings itself."""
        return {service: url for service, url in self.urls.items() if not (self.licensed and image_has(service))}


def _url(variable: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(f"set {variable} to the stand-in's address, such as http://name:8083, not {value!r}")
    return f"{parts.scheme}://{parts.netloc}"
