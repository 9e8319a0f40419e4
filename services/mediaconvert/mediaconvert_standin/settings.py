"""Configuration of the stand-in: environment variables, read once."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_PORT = 8082
DEFAULT_EVENT_SOURCE = "aws.mediaconvert"
DEFAULT_JOB_QUOTA = 200  # jobs at once that queues may be given; the service's number differs by region
MAX_TIME_SPEED = 3600
ENDPOINT_SERVICES = ("s3", "sts", "events")


class ConfigurationError(ValueError):
    """An environment variable has a value the stand-in cannot work with."""


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    endpoint_url: str | None
    region: str
    account_id: str
    event_source: str
    work_dir: Path
    ffmpeg: str
    concurrent_jobs: int
    job_quota: int = DEFAULT_JOB_QUOTA
    event_bus: str | None = None
    webhook_url: str | None = None
    time_speed: int = 1
    control_port: int | None = None
    service_endpoints: Mapping[str, str] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def endpoint_of(self, service: str) -> str | None:
        """Where a service is, by the SDKs' own variables; None is AWS."""
        return self.service_endpoints.get(service) or self.endpoint_url

    def arn(self, resource: str) -> str:
        return f"arn:{self.partition}:mediaconvert:{self.region}:{self.account_id}:{resource}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Raises ConfigurationError, naming the variable, when a value cannot be used.
        """
        env = os.environ if environ is None else environ
        account_id = env.get("MEDIACONVERT_ACCOUNT_ID") or _account_of(env.get("AWS_ACCESS_KEY_ID", ""))
        if not re.fullmatch(r"\d{12}", account_id):
            raise ConfigurationError("MEDIACONVERT_ACCOUNT_ID must be 12 digits")
        work_dir = env.get("MEDIACONVERT_WORK_DIR") or str(Path(tempfile.gettempdir()) / "mediaconvert-standin")
        return cls(
            host=env.get("HOST", "127.0.0.1"),
            port=_integer(env, "PORT", DEFAULT_PORT, maximum=65535),
            endpoint_url=env.get("AWS_ENDPOINT_URL") or None,
            region=env.get("AWS_DEFAULT_REGION") or env.get("AWS_REGION") or "us-east-1",
            account_id=account_id,
            event_source=env.get("MEDIACONVERT_EVENT_SOURCE") or DEFAULT_EVENT_SOURCE,
            work_dir=Path(work_dir).absolute(),
            ffmpeg=find_ffmpeg(env.get("MEDIACONVERT_FFMPEG")),
            concurrent_jobs=_integer(env, "MEDIACONVERT_CONCURRENT_JOBS", default_concurrency()),
            job_quota=_integer(env, "MEDIACONVERT_JOB_QUOTA", DEFAULT_JOB_QUOTA, maximum=100_000),
            event_bus=env.get("MEDIACONVERT_EVENT_BUS") or None,
            webhook_url=_webhook(env.get("MEDIACONVERT_WEBHOOK_URL")),
            time_speed=_integer(env, "MEDIACONVERT_TIME_SPEED", 1, maximum=MAX_TIME_SPEED),
            control_port=_integer(env, "MEDIACONVERT_CONTROL_PORT", 0, minimum=0, maximum=65535) or None,
            service_endpoints={
                service: env[name]
                for service in ENDPOINT_SERVICES
                if env.get(name := f"AWS_ENDPOINT_URL_{service.upper()}")
            },
        )


def _account_of(access_key: str) -> str:
    """Emulators take an access key of 12 digits for the account; all of them know this one otherwise."""
    return access_key if re.fullmatch(r"\d{12}", access_key) else "000000000000"


def default_concurrency() -> int:
    # One job already uses every core; a second keeps a short video from waiting behind a long one.
    return max(2, (os.cpu_count() or 2) // 2)


def find_ffmpeg(configured: str | None) -> str:
    """Path of the ffmpeg to use: the configured one, else PATH's, else imageio-ffmpeg's."""
    if configured:
        path = shutil.which(configured)
        if path is None:
            raise ConfigurationError(f"MEDIACONVERT_FFMPEG: {configured} is not an executable file")
        return path
    on_path = shutil.which("ffmpeg")
    if on_path is not None:
        return on_path
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise ConfigurationError(
            "no ffmpeg found: install ffmpeg, or the package imageio-ffmpeg, or set MEDIACONVERT_FFMPEG"
        ) from error


def _webhook(url: str | None) -> str | None:
    if url and not re.fullmatch(r"https?://[^\s/]+\S*", url):
        raise ConfigurationError("MEDIACONVERT_WEBHOOK_URL must be an http or https address")
    return url or None


def _integer(env: Mapping[str, str], name: str, default: int, maximum: int = 1024, minimum: int = 1) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not minimum <= int(text) <= maximum:
        raise ConfigurationError(f"{name} must be a whole number from {minimum} to {maximum}, not {text!r}")
    return int(text)
