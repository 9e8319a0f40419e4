"""The people of the tests, and what they do with a video."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from devstack.contract.answers import Upload, Video
from devstack.contract.client import Account, Library

CONVERSION_TIMEOUT = 600
"""Seconds for a clip of a few seconds, on a machine that runs other tests beside."""


@dataclass(frozen=True)
class Person:
    account: Account
    library: Library


def new_email() -> str:
    return f"person-{secrets.token_hex(8)}@example.com"


def but_poster(video: Video) -> Video:
    """To compare what was read at two times: the poster's URL is signed anew every hour."""
    return replace(video, poster_url=None)


def publish(library: Library, clip: Path) -> tuple[Upload, Video]:
    """Uploads the clip and waits until it is ready. Raises ConversionFailedError."""
    upload = library.upload(clip)
    return upload, library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)


def fail(library: Library, clip: Path) -> tuple[Upload, Video]:
    """Uploads a clip that cannot be converted and waits until it has failed."""
    upload = library.upload(clip)
    return upload, library.wait(upload.video_id, CONVERSION_TIMEOUT, {"failed"})
