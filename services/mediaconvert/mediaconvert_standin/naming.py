"""Names of output objects: destinations, modifiers and format identifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mediaconvert_standin.plan import S3Location

_IDENTIFIER = re.compile(r"\$(\w*)(?:%0(\d{1,2}))?\$")

EXTENSIONS = {"MP4": "mp4", "MOV": "mov", "M3U8": "m3u8", "RAW": "jpg"}


@dataclass(frozen=True)
class Identifiers:
    """Values of ``$name$``; numbers may carry a width, ``$h%04$``. Unknown names stay as they are."""

    values: Mapping[str, str | int]

    def resolve(self, text: str) -> str:
        return _IDENTIFIER.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        name, width = match.groups()
        if not name and width is None:
            return "$"
        value = self.values.get(name)
        if value is None or (width is not None and isinstance(value, str)):
            return match.group(0)
        return str(value).zfill(int(width or 0))


def job_identifiers(started: datetime, source: S3Location) -> dict[str, str | int]:
    """Identifiers that are the same for the whole job; times are UTC, of the job's start."""
    return {
        "dt": started.strftime("%Y%m%dT%H%M%S"),
        "d": started.strftime("%Y%m%d"),
        "t": started.strftime("%H%M%S"),
        "fn": base_name(source.key),
    }


def base_name(key: str) -> str:
    """The last part of a key without its last extension."""
    name = key.rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def destination_base(destination: str, source: S3Location, identifiers: Identifiers) -> S3Location:
    """Bucket and key stem of a group: a destination that ends in a slash takes the input's name."""
    bucket, _, key = identifiers.resolve(destination).removeprefix("s3://").partition("/")
    if not key or key.endswith("/"):
        key += base_name(source.key)
    return S3Location(bucket, key)
