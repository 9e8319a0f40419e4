from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import pytest

from sstech_video import sources
from sstech_video.sources import Kind, Source


def answer(container: dict[str, Any]) -> dict[str, Any]:
    return {"ProbeResults": [{"Container": container}]}


def video(**properties: Any) -> dict[str, Any]:
    return {"TrackType": "video", "VideoProperties": {"Width": 720, "Height": 576, **properties}}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x00\x00\x00\x20ftypisom", Kind.ISO_MEDIA),
        (b"\x00\x00\x10\x00moov", Kind.ISO_MEDIA),
        (b"\x1aE\xdf\xa3\x01\x00", Kind.BINARY),
        (b"RIFF\x00\x00\x00\x00AVI LIST", Kind.BINARY),
        (b"#EXTM3U\n#EXT-X-VERSION:3\nhttps://example.com/secret.ts\n", Kind.TEXT),
        (b"\xef\xbb\xbf#EXTM3U\r\n", Kind.TEXT),
        (b"ffconcat version 1.0\nfile ../../other/original.mp4\n", Kind.TEXT),
        (b"<?xml version='1.0'?><MPD/>", Kind.TEXT),
        ("olá".encode(), Kind.TEXT),
        (b"", Kind.TEXT),
    ],
)
def test_first_bytes_tell_media_from_manifests(data: bytes, kind: Kind) -> None:
    assert sources.kind(data) is kind


def test_noise_is_left_to_the_converter() -> None:
    assert sources.kind(b"\x00" + os.urandom(511)) is Kind.BINARY


def test_a_full_probe_is_read() -> None:
    probe = answer(
        {
            "Format": "mpegts",
            "Duration": 60.5,
            "Tracks": [
                video(
                    FrameRate={"Numerator": 25, "Denominator": 1},
                    SampleAspectRatio={"Numerator": 64, "Denominator": 45},
                    CodecMetadata={"ScanType": "Interlaced"},
                ),
                {"TrackType": "audio", "AudioProperties": {}},
            ],
        }
    )
    assert sources.from_probe(probe, rotatable=False) == Source(
        rotatable=False,
        duration_ms=60_500,
        has_video=True,
        has_audio=True,
        width=1024,
        height=576,
        frame_rate=Fraction(25),
        interlaced=True,
    )


@pytest.mark.parametrize(
    "probe",
    [
        {},
        {"ProbeResults": []},
        {"ProbeResults": [{}]},
        answer({}),
        answer({"Format": "mp4"}),
        answer({"Format": "mp4", "Tracks": []}),
        answer({"Tracks": [{"TrackType": "audio"}]}),
    ],
)
def test_a_probe_that_says_nothing_leaves_everything_open(probe: dict[str, Any]) -> None:
    assert sources.from_probe(probe, rotatable=True) == Source(rotatable=True)


def test_a_file_without_video_is_known_as_such() -> None:
    probe = answer({"Format": "mp4", "Tracks": [{"TrackType": "audio"}]})
    source = sources.from_probe(probe, rotatable=True)
    assert (source.has_video, source.has_audio) == (False, True)


@pytest.mark.parametrize("ratio", [{}, {"Numerator": 0, "Denominator": 1}, {"Numerator": 1, "Denominator": 0}, None])
def test_a_nonsense_ratio_is_an_unknown_one(ratio: dict[str, int] | None) -> None:
    probe = answer({"Format": "mp4", "Tracks": [video(FrameRate=ratio, SampleAspectRatio=ratio)]})
    source = sources.from_probe(probe, rotatable=True)
    assert (source.frame_rate, source.width) == (None, 720)


def test_progressive_video_is_known_as_such() -> None:
    probe = answer({"Format": "mp4", "Tracks": [video(CodecMetadata={"ScanType": "PROGRESSIVE"})]})
    assert sources.from_probe(probe, rotatable=True).interlaced is False
