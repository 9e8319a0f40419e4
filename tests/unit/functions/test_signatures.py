"""The bytes decide what a file is, not what was declared."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devstack.media import find_ffmpeg
from functions.harness import TEMP_BUCKET
from sstech_video import signatures
from sstech_video.signatures import Container
from sstech_video.sources import FIRST_BYTES

if TYPE_CHECKING:
    from functions.conftest import Platform

NO_VIDEO = [
    b"\x89PNG\r\n\x1a\n\x00\x00",
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"GIF89a\x01\x00",
    b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    b"RIFF\x00\x00\x00\x00WAVEfmt ",
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    b"%PDF-1.7\n\x00",
    b"PK\x03\x04\x14\x00",
    b"\x7fELF\x02\x01",
    b"MZ\x90\x00\x03\x00",
    b"SQLite format 3\x00",
]


@pytest.mark.parametrize(
    ("suffix", "options", "found"),
    [
        ("mp4", [], Container.ISO_MEDIA),
        ("mov", [], Container.ISO_MEDIA),
        ("mkv", [], Container.MATROSKA),
        ("avi", ["-c:v", "mpeg4"], Container.AVI),
        ("ts", [], Container.MPEG),
        ("m2ts", [], Container.MPEG),
        ("mpg", ["-c:v", "mpeg2video", "-r", "25"], Container.MPEG),
        ("wmv", ["-c:v", "wmv2"], Container.ASF),
        ("flv", ["-c:v", "flv"], Container.FLASH),
        ("mxf", ["-c:v", "mpeg2video", "-r", "25"], Container.MXF),
    ],
)
def test_what_ffmpeg_writes_is_recognised(suffix: str, options: list[str], found: Container, tmp_path: Path) -> None:
    clip = tmp_path / f"clip.{suffix}"
    source = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=0.2"]
    subprocess.run([str(find_ffmpeg()), "-v", "error", *source, *options, str(clip)], check=True)
    first_bytes = clip.read_bytes()[:FIRST_BYTES]
    assert signatures.container(first_bytes) is found
    assert not signatures.is_no_video(first_bytes)


@pytest.mark.parametrize("data", NO_VIDEO)
def test_pictures_documents_and_programs_are_no_videos(data: bytes) -> None:
    assert signatures.is_no_video(data)
    assert signatures.container(data) is None


@pytest.mark.parametrize("data", NO_VIDEO)
def test_what_is_declared_as_video_and_is_none_never_reaches_the_converter(platform: Platform, data: bytes) -> None:
    data += bytes(100)
    upload = platform.uploaded(data)
    assert platform.arrive(upload, len(data)) == []
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "unsupported_format")
    assert platform.mediaconvert.jobs == []
    assert platform.keys(TEMP_BUCKET, upload["key"])


@pytest.mark.parametrize(
    ("declared", "data", "contradicted"),
    [
        ("video/mp4", b"\x1a\x45\xdf\xa3", True),
        ("video/mp4; codecs=avc1", b"\x1a\x45\xdf\xa3", True),
        ("VIDEO/MP4", b"\x00\x00\x00\x20ftypisom", False),
        ("video/quicktime", b"\x00\x00\x00\x20ftypisom", False),
        ("video/x-unknown", b"\x1a\x45\xdf\xa3", False),
        ("video/mp4", bytes(20), False),
    ],
)
def test_a_declared_type_is_contradicted_only_by_bytes_that_are_known(
    declared: str, data: bytes, contradicted: bool
) -> None:
    assert signatures.contradicts(declared, data) is contradicted


def test_a_wrong_guess_of_the_type_is_converted_all_the_same(platform: Platform) -> None:
    data = b"\x1a\x45\xdf\xa3" + bytes(600)
    upload = platform.uploaded(data)
    assert platform.arrive(upload, len(data)) == []
    platform.job(upload)
