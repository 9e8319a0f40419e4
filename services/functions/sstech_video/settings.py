"""The environment of a function, parsed once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sstech_video.pricing import CENT
from sstech_video.spending import CostLimits


class SettingsError(ValueError):
    """The deployment gave a function an environment it cannot work with."""


@dataclass(frozen=True)
class Settings:
    """One value per variable of the table in README.md."""

    stage: str
    temp_bucket: str
    media_bucket: str
    site_url: str
    user_pool_client_id: str
    public_s3_endpoint_url: str | None
    mediaconvert_role_arn: str
    mediaconvert_queue_arn: str
    trigger_queue_url: str
    signing_key_parameter: str
    cloudfront_key_pair_id: str
    distribution_id: str | None
    max_open_uploads: int
    max_stored_bytes: int
    cost_limits: CostLimits
    price_percent: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises `SettingsError` naming every variable that is missing or not a number."""
        problems: list[str] = []

        def text(name: str) -> str:
            if not environ.get(name):
                problems.append(f"{name} is not set")
            return environ.get(name, "")

        def number(name: str) -> int:
            value = text(name)
            if value and not (value.isascii() and value.isdigit()):
                problems.append(f"{name} is not a whole number: {value!r}")
                return 0
            return int(value or 0)

        settings = cls(
            stage=text("STAGE"),
            temp_bucket=text("TEMP_BUCKET"),
            media_bucket=text("MEDIA_BUCKET"),
            site_url=text("SITE_URL").rstrip("/"),
            user_pool_client_id=text("USER_POOL_CLIENT_ID"),
            public_s3_endpoint_url=environ.get("PUBLIC_S3_ENDPOINT_URL") or None,
            mediaconvert_role_arn=text("MEDIACONVERT_ROLE_ARN"),
            mediaconvert_queue_arn=text("MEDIACONVERT_QUEUE_ARN"),
            trigger_queue_url=text("TRIGGER_QUEUE_URL"),
            signing_key_parameter=text("SIGNING_KEY_PARAMETER"),
            cloudfront_key_pair_id=text("CLOUDFRONT_KEY_PAIR_ID"),
            distribution_id=environ.get("DISTRIBUTION_ID") or None,
            max_open_uploads=number("MAX_OPEN_UPLOADS"),
            max_stored_bytes=number("MAX_STORED_BYTES"),
            cost_limits=CostLimits(
                per_video=number("MAX_CENTS_PER_VIDEO") * CENT,
                per_owner=number("MAX_CENTS_PER_OWNER") * CENT,
                per_stage=number("MAX_CENTS_PER_STAGE") * CENT,
            ),
            price_percent=number("PRICE_PERCENT"),
        )
        if problems:
            raise SettingsError("; ".join(problems) + ". Set it in the function's environment.")
        return settings


@cache
def settings() -> Settings:
    """This container's settings."""
    return Settings.from_environ(os.environ)
