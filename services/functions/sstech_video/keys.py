"""Every S3 key of the system, in both directions.

Nothing a person typed is ever part of a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sstech_video.video_ids import is_video_id

MP4_NAME: Final = "video.mp4"
HLS_NAME: Final = "hls/video.m3u8"
# MediaConvert numbers frame captures with seven digits from zero.
POSTER_NAME: Final = "poster.0000000.jpg"
THUMBNAIL_PREFIX: Final = "thumbs."
WEBVTT_NAME: Final = "thumbs.vtt"

DEFAULT_EXTENSION: Final = "bin"
CATALOG: Final = "catalog/"
PENDING: Final = "pending/"
UPLOADS: Final = "uploads/"
TOMBSTONES: Final = "deleted/"
# In the place of an owner: the documents of the whole stage.
EVERYBODY: Final = "all"

# `sub` of Cognito is a UUID; anything else that could move a key elsewhere is refused.
_OWNER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,8}")


@dataclass(frozen=True)
class Original:
    """An uploaded file, as its key tells."""

    owner: str
    video_id: str
    key: str


def is_owner(text: str) -> bool:
    return _OWNER.fullmatch(text) is not None and text != EVERYBODY


def extension(file_name: str) -> str:
    """The lower-case extension if it is plain (`[a-z0-9]{1,8}`), else `bin`."""
    _, dot, tail = file_name.rpartition(".")
    tail = tail.lower()
    return tail if dot and _EXTENSION.fullmatch(tail) else DEFAULT_EXTENSION


def original(owner: str, video_id: str, ext: str) -> str:
    return f"{originals(owner, video_id)}original.{ext}"


def originals(owner: str, video_id: str) -> str:
    """Prefix of all that was uploaded for one video."""
    return f"{UPLOADS}{owner}/{video_id}/"


def parse_original(key: str) -> Original | None:
    """None for a key that is not ours."""
    match key.split("/"):
        case ["uploads", owner, video_id, name] if is_owner(owner) and is_video_id(video_id):
            stem, _, ext = name.partition(".")
            if stem == "original" and _EXTENSION.fullmatch(ext):
                return Original(owner, video_id, key)
    return None


def pending(video_id: str) -> str:
    return f"{PENDING}{video_id}"


def catalog(owner: str, video_id: str) -> str:
    return f"{catalog_of(owner)}{video_id}.json"


def catalog_of(owner: str) -> str:
    return f"{CATALOG}{owner}/"


def parse_catalog(key: str) -> str | None:
    """The video id of a catalog key."""
    name = key.rpartition("/")[2]
    video_id = name.removesuffix(".json")
    return video_id if name.endswith(".json") and is_video_id(video_id) else None


def tombstone(owner: str, video_id: str) -> str:
    return f"{TOMBSTONES}{owner}/{video_id}"


def parse_tombstone(key: str) -> tuple[str, str] | None:
    """Owner and video id; None for a key that is not ours."""
    match key.split("/"):
        case ["deleted", owner, video_id] if is_owner(owner) and is_video_id(video_id):
            return owner, video_id
    return None


def usage_of(owner: str) -> str:
    return f"usage/{owner}/"


def usage(owner: str, month: str) -> str:
    """`month` is `yyyy-mm`."""
    return f"{usage_of(owner)}{month}.json"


def media(owner: str, video_id: str) -> str:
    """Prefix of all outputs of one video."""
    return f"media/{owner}/{video_id}/"


def attempt(owner: str, video_id: str, number: int) -> str:
    """Prefix of the outputs of one conversion attempt."""
    return f"{media(owner, video_id)}{number}/"
