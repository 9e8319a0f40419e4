"""Makes short test clips in many formats: moving test picture, steady tone, and files that are broken."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.media import boxes, find_ffmpeg

SECONDS = 2.0
SIZE = (640, 360)
RATE = 25
TIMEOUT = 600
"""Seconds for one clip; even a slow machine needs only a few."""
TRUNCATED_SHARE = 0.6
"""Share of a truncated clip that is left."""
SEED = 20260101
"""Broken files are random, but the same every time."""
CORRUPT_BYTES = 200_000
QUARTER_TURN = bytes.fromhex("00000000 00010000 00000000 FFFF0000 00000000 00000000 00000000 00000000 40000000")
"""The matrix of a phone held upright: turn the stored picture by 90° clockwise (ISO/IEC 14496-12, tkhd)."""
MATRIX_OFFSET = 40
"""Where the matrix starts in the content of a version 0 `tkhd` box."""


class ClipError(Exception):
    """ffmpeg could not make the clip."""


@dataclass(frozen=True)
class Recipe:
    """How to make a clip. `video` and `audio` are ffmpeg output options; None leaves the stream out."""

    file_name: str
    video: tuple[str, ...] | None
    audio: tuple[str, ...] | None
    size: tuple[int, int] = SIZE
    rate: int = RATE
    filters: str = ""
    rotated: bool = False


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
X265 = ("-c:v", "libx265", "-x265-params", "log-level=error")
AAC = ("-c:a", "aac", "-b:a", "96k")

RECIPES: Mapping[str, Recipe] = {
    "mp4-h264-aac": Recipe("clip.mp4", H264, AAC),
    "mov-hevc-10bit": Recipe(
        "clip.mov",
        (*X265, "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"),
        AAC,
    ),
    "mkv-vp9-opus": Recipe(
        "clip.mkv", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), ("-c:a", "libopus")
    ),
    "avi-mpeg4-mp3": Recipe("clip.avi", ("-c:v", "mpeg4", "-q:v", "5"), ("-c:a", "libmp3lame")),
    "webm-vp8-vorbis": Recipe(
        "clip.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M"), ("-c:a", "libvorbis")
    ),
    "ts-mpeg2-interlaced": Recipe(
        "clip.ts",
        ("-c:v", "mpeg2video", "-q:v", "5", "-flags", "+ilme+ildct"),
        ("-c:a", "mp2"),
        size=(720, 576),
        rate=50,  # fields: two of them make one of the 25 frames
        filters="interlace=scan=tff",
    ),
    "mp4-portrait-rotated": Recipe("clip.mp4", H264, AAC, rotated=True),
    "mp4-silent": Recipe("clip.mp4", H264, None),
    "m4a-audio-only": Recipe("clip.mp4", None, AAC),
}
"""Clips by name."""

PLAYABLE = tuple(name for name, recipe in RECIPES.items() if recipe.video is not None)


def make_clip(name: str, folder: Path, *, seconds: float = SECONDS, size: tuple[int, int] | None = None) -> Path:
    """The clip `name` of RECIPES in `folder`, `size` in pixels. Raises ClipError."""
    recipe = RECIPES[name]
    target = folder / recipe.file_name
    width, height = size or recipe.size
    sources: list[str] = []
    options: list[str] = ["-map_metadata", "-1"]
    if recipe.video is not None:
        sources += ["-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate={recipe.rate}:duration={seconds}"]
        options += [*recipe.video, *(["-vf", recipe.filters] if recipe.filters else [])]
    if recipe.audio is not None:
        sources += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"]
        options += [*recipe.audio, "-ac", "2"]
    if target.suffix == ".mp4":
        options += ["-movflags", "+faststart"]
    run_ffmpeg([*sources, *options, str(target)])
    if recipe.rotated:
        _turn(target)
    return target


def make_corrupt(folder: Path) -> Path:
    """Random bytes that call themselves an MP4."""
    target = folder / "corrupt.mp4"
    target.write_bytes(random.Random(SEED).randbytes(CORRUPT_BYTES))  # noqa: S311 - not a secret
    return target


def make_truncated(folder: Path) -> Path:
    """An MP4 whose transfer stopped half-way: its `moov`, at the end, is lost."""
    whole = folder / "whole.mp4"
    run_ffmpeg(
        ["-f", "lavfi", "-i", f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate={RATE}:duration={SECONDS}", *H264, str(whole)]
    )
    data = whole.read_bytes()
    target = folder / "truncated.mp4"
    target.write_bytes(data[: int(len(data) * TRUNCATED_SHARE)])
    whole.unlink()
    return target


def pad(clip: Path, size: int) -> Path:
    """Makes an MP4 exactly `size` bytes long with a `free` box at its end, without writing the bytes."""
    length = size - clip.stat().st_size
    with clip.open("r+b") as stream:
        stream.seek(0, io.SEEK_END)
        stream.write(length.to_bytes(4) + b"free")
        stream.truncate(size)
    return clip


def run_ffmpeg(arguments: list[str]) -> None:
    """The last argument is what is made. Raises ClipError."""
    command = [str(find_ffmpeg()), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        raise ClipError(f"ffmpeg could not make {arguments[-1]}: {done.stderr.strip()}")


def _turn(clip: Path) -> None:
    """Marks the video as recorded upright. Written here because ffmpeg's option for it changed over releases."""
    with clip.open("r+b") as stream:
        content, end = 0, clip.stat().st_size
        for wanted in (b"moov", b"trak", b"tkhd"):  # the first track is the video
            content, end = next((start, stop) for kind, start, stop in boxes(stream, content, end) if kind == wanted)
        stream.seek(content + MATRIX_OFFSET)
        stream.write(QUARTER_TURN)
