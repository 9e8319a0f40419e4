"""What a finished transcode made: files to publish with their keys, and the numbers of COMPLETE."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mediaconvert_standin.captions.cues import Cue
from mediaconvert_standin.errors import InvalidMedia
from mediaconvert_standin.inspection.media import Media
from mediaconvert_standin.job_settings.plan import CaptionOutput, S3Location, S3Options

MAX_KEY_BYTES = 1024  # S3 object key
MEDIA, CHILD_PLAYLISTS, MANIFESTS = 0, 1, 2  # stages of publishing, in this order

_CONTENT_TYPES = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "cmfa": "audio/mp4",
    "cmfv": "video/mp4",
    "eac3": "audio/eac3",
    "ec3": "audio/eac3",
    "f4v": "video/mp4",
    "flac": "audio/flac",
    "gif": "image/gif",
    "h264": "video/h264",
    "h265": "video/h265",
    "jpg": "image/jpeg",
    "m2ts": "video/MP2T",
    "m2v": "video/mpeg",
    "m3u8": "application/x-mpegURL",
    "mov": "video/quicktime",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpd": "application/dash+xml",
    "mxf": "application/mxf",
    "ogg": "audio/ogg",
    "smi": "application/smil",
    "srt": "application/x-subrip",
    "ts": "video/MP2T",
    "ttml": "application/ttml+xml",
    "vtt": "text/vtt",
    "wav": "audio/wav",
    "webm": "video/webm",
}


def content_type(extension: str) -> str:
    """Of an extension that is one of the service's own."""
    return _CONTENT_TYPES[extension]


@dataclass(frozen=True)
class Upload:
    path: Path
    location: S3Location
    content_type: str
    s3: S3Options
    content_encoding: str | None = None
    stage: int = MEDIA


@dataclass(frozen=True)
class OutputResult:
    paths: tuple[str, ...]
    duration_ms: int
    width: int | None = None
    height: int | None = None
    average_bitrate: int | None = None  # of the video, bit/s
    images: bool = False  # a set of captured frames, whose length is not that of the media


@dataclass(frozen=True)
class GroupResult:
    type: str
    outputs: tuple[OutputResult, ...]
    playlists: tuple[str, ...] = ()


@dataclass
class Collected:
    uploads: list[Upload] = field(default_factory=list)
    groups: list[GroupResult] = field(default_factory=list)

    @property
    def longest_seconds(self) -> float:
        """Length of the longest output that is not a set of images."""
        timed = [output.duration_ms for group in self.groups for output in group.outputs if not output.images]
        return max(timed, default=0) / 1000

    def add(self, upload: Upload) -> None:
        self.uploads.append(upload)

    def check_keys(self) -> None:
        """Raises InvalidMedia (1040) for keys that clash or that S3 can not have."""
        seen: set[S3Location] = set()
        for upload in self.uploads:
            if upload.location in seen:
                raise InvalidMedia(f"Duplicate output path [{upload.location.uri}] found in job.")
            if len(upload.location.key.encode()) > MAX_KEY_BYTES:
                raise InvalidMedia(f"The key of an output is longer than {MAX_KEY_BYTES} bytes.")
            seen.add(upload.location)


@dataclass(frozen=True)
class Workshop:
    """Where the outputs are, and what measuring them takes. ``seconds`` is the programme's length, if known."""

    folder: Path
    measure: Callable[[Path, str], Media]  # with the demuxer of the file
    now: Callable[[], datetime]
    cues: Callable[[CaptionOutput], list[Cue]]
    seconds: float | None

    def write(self, name: str, text: str, *, gzipped: bool = False) -> Path:
        path = self.folder / name
        data = text.encode()
        path.write_bytes(gzip.compress(data, mtime=0) if gzipped else data)
        return path


def details_of_job(groups: tuple[GroupResult, ...]) -> list[dict[str, Any]]:
    """``outputGroupDetails`` of GetJob: lengths and sizes only, as on the service."""
    return [{"outputDetails": [_detail_of_job(output) for output in group.outputs]} for group in groups]


def _detail_of_job(output: OutputResult) -> dict[str, Any]:
    detail: dict[str, Any] = {"durationInMs": output.duration_ms}
    if output.width is not None:
        detail["videoDetails"] = {"widthInPx": output.width, "heightInPx": output.height}
    return detail


def details_of_event(groups: tuple[GroupResult, ...]) -> list[dict[str, Any]]:
    """``outputGroupDetails`` of the COMPLETE event, with paths and bit rates."""
    details = []
    for group in groups:
        detail: dict[str, Any] = {"outputDetails": [_detail_of_event(output) for output in group.outputs]}
        if group.playlists:
            detail["playlistFilePaths"] = list(group.playlists)
        details.append({**detail, "type": group.type})
    return details


def _detail_of_event(output: OutputResult) -> dict[str, Any]:
    paths = {"outputFilePaths": list(output.paths)} if output.paths else {}
    detail = {**paths, **_detail_of_job(output)}
    if output.width is not None and output.average_bitrate is not None:
        detail["videoDetails"]["averageBitrate"] = output.average_bitrate
    return detail
