"""Which files are worth sending: those that can be a video, by their own bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack import media

MAX_FILE_BYTES = 5 * 1024**4
"""S3's largest object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
HEAD = 512
STILL_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"avif"})
"""Photos in the container of videos (ISO/IEC 23008-12)."""
TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b")
"""The control characters that text may hold."""


class FileRefusedError(Exception):
    """The file is not sent; the message says why and what to do."""


@dataclass(frozen=True)
class Selection:
    """What to send, and why each of the others is not."""

    files: tuple[Path, ...]
    refused: tuple[str, ...]
    skipped: tuple[str, ...]
    """Files of a folder that nobody named: left out, but no reason to stop."""


def select(paths: Iterable[Path], *, folders: bool) -> Selection:
    """The videos among `paths`; with `folders`, also every video in and below those that are folders."""
    files: list[Path] = []
    refused: list[str] = []
    skipped: list[str] = []
    for path in paths:
        inside = folders and path.is_dir()
        for file in _below(path) if inside else [path]:
            try:
                check(file)
            except FileRefusedError as error:
                (skipped if inside else refused).append(str(error))
            else:
                files.append(file)
    return Selection(_once(files), tuple(refused), tuple(skipped))


def check(path: Path) -> None:
    """Raises FileRefusedError for what cannot be a video, before a byte of it is sent."""
    if path.is_dir():
        raise FileRefusedError(f"{path} is a folder. To send the videos in it, add --folder.")
    if not path.exists():
        raise FileRefusedError(f"There is no file {path}.")
    if not path.is_file():
        raise FileRefusedError(f"{path} is not a regular file.")
    size = path.stat().st_size
    if size == 0:
        raise FileRefusedError(f"{path} is empty.")
    if size > MAX_FILE_BYTES:
        raise FileRefusedError(f"{path} is larger than 5 TiB, which is all that one object can hold. Cut it first.")
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise FileRefusedError(f"{path} cannot be read: {error.strerror}.") from error
    # Text first: playlists make a demuxer open what they name.
    if not set(head) & (set(range(32)) - TEXT_CONTROLS):
        raise FileRefusedError(f"{path} is text, not a video.")
    if head[4:8] == b"ftyp" and head[8:12] in STILL_BRANDS:
        raise FileRefusedError(f"{path} is a photo, not a video.")
    try:
        media.require_video(path)
    except media.MediaError as error:
        raise FileRefusedError(f"{path} is not a video that can be read: {error}") from error


def _below(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _once(files: Iterable[Path]) -> tuple[Path, ...]:
    """Each file once, however often it was named."""
    return tuple({file.resolve(): file for file in files}.values())
