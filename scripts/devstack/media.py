"""Finds an ffmpeg, and says what is really inside a media file."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import imageio_ffmpeg
from av.stream import Disposition

OLDEST_FFMPEG = 5
"""Older releases lack options that the conversion relies on, such as `-fps_mode`."""
VERSION = re.compile(r"^ffmpeg version n?(\d+)")
LARGE_BOX = 16
"""Bytes of a box header with a 64-bit size (ISO/IEC 14496-12 section 4.2)."""
STILL_FORMATS = frozenset({"image2", "tty"})
"""Demuxers of single pictures and of text as one; those that end in `_pipe` are for pictures too."""

Source = Path | bytes


class FfmpegMissingError(Exception):
    """There is no usable ffmpeg on this machine."""


class MediaError(Exception):
    """The bytes are not playable media."""


@dataclass(frozen=True)
class Probe:
    """What a file holds. `duration` in seconds, `rotation` in degrees as a player would apply it."""

    container: str
    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    duration: float
    pixel_format: str
    rotation: int
    interlaced: bool


@dataclass(frozen=True)
class Decoded:
    """What came out of a decoder that read to the end. `size` in pixels."""

    video_frames: int
    audio_frames: int
    size: tuple[int, int]


def find_ffmpeg() -> Path:
    """The machine's own ffmpeg when it is good enough, else the packaged one. Raises FfmpegMissingError."""
    on_path = shutil.which("ffmpeg")
    if on_path is not None and _is_usable(Path(on_path)):
        return Path(on_path)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FfmpegMissingError("No ffmpeg was found; install one (5 or newer, with libx264).") from error


def probe(source: Source) -> Probe:
    """Looks at the streams and at the first picture. Raises MediaError when there is no video in it."""
    with _opened(source) as container:
        video = _video_stream(container)
        frame = next(container.decode(video), None)
        if frame is None:
            raise MediaError("The video stream holds no picture.")
        audio = container.streams.audio
        return Probe(
            container=container.format.name,
            video_codec=video.codec_context.name,
            audio_codec=audio[0].codec_context.name if audio else None,
            width=video.codec_context.width,
            height=video.codec_context.height,
            duration=_duration(container),
            pixel_format=frame.format.name,
            rotation=frame.rotation,
            interlaced=frame.interlaced_frame,
        )


def require_video(source: Source) -> None:
    """Raises MediaError unless a demuxer that is not for pictures finds a moving picture."""
    with _opened(source) as container:
        if container.format.name in STILL_FORMATS or container.format.name.endswith("_pipe"):
            raise MediaError("It is a still picture.")
        if all(stream.disposition & Disposition.attached_pic for stream in container.streams.video):
            raise MediaError("There is no video in it.")


def decode(source: Source) -> Decoded:
    """Decodes every frame. Raises MediaError when one cannot be decoded or there is no picture."""
    video_frames = audio_frames = 0
    with _opened(source) as container:
        video = _video_stream(container)
        video.thread_type = "AUTO"
        streams = [video, *container.streams.audio[:1]]
        for frame in container.decode(*streams):
            if isinstance(frame, av.VideoFrame):
                video_frames += 1
            else:
                audio_frames += 1
        size = (video.codec_context.width, video.codec_context.height)
    if not video_frames:
        raise MediaError("Not one picture could be decoded.")
    return Decoded(video_frames, audio_frames, size)


def is_faststart(source: Source) -> bool:
    """Whether an MP4 can play while it loads: `moov` comes before `mdat`."""
    with _stream(source) as stream:
        order = [kind for kind, _, _ in boxes(stream)]
    return b"moov" in order and b"mdat" in order and order.index(b"moov") < order.index(b"mdat")


def boxes(stream: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an ISO media file between two offsets: kind, offset of the content, offset of the end."""
    if end is None:
        end = stream.seek(0, io.SEEK_END)
    position = start
    while position < end:
        stream.seek(position)
        header = stream.read(LARGE_BOX)
        size = int.from_bytes(header[:4])
        content = position + 8
        if size == 1:  # the real size follows in 64 bits
            size = int.from_bytes(header[8:])
            content = position + LARGE_BOX
        elif size == 0:  # to the end of the file
            size = end - position
        if size < content - position or position + size > end:
            raise MediaError(f"A box at byte {position} does not fit into the file.")
        yield header[4:8], content, position + size
        position += size


def _is_usable(ffmpeg: Path) -> bool:
    version = VERSION.match(_printed(ffmpeg, "-version"))
    if version is None or int(version.group(1)) < OLDEST_FFMPEG:
        return False
    return "libx264" in _printed(ffmpeg, "-encoders")


def _printed(ffmpeg: Path, option: str) -> str:
    try:
        done = subprocess.run([ffmpeg, "-hide_banner", option], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    try:
        with _stream(source) as stream, av.open(stream) as container:
            yield container
    except av.FFmpegError as error:
        raise MediaError(f"It cannot be decoded: {error.strerror}.") from error


def _stream(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _video_stream(container: Any) -> Any:
    if not container.streams.video:
        raise MediaError("There is no video in it.")
    return container.streams.video[0]


def _duration(container: Any) -> float:
    if container.duration is None:
        raise MediaError("It does not say how long it is.")
    return float(container.duration) / av.time_base
