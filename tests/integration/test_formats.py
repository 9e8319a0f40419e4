"""Whatever comes in, an MP4 and an HLS ladder that play everywhere come out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
import requests

from devstack import clips, media
from devstack.contract import hls
from devstack.contract.answers import Playback, Upload, Video
from devstack.contract.client import Library

from .people import Person, publish
from .store import Store

DURATION_TOLERANCE = 0.1
"""Seconds."""
CUE = re.compile(r"(\d+:)?(\d+):(\d+\.\d+) --> (\d+:)?(\d+):(\d+\.\d+)")


@dataclass(frozen=True)
class Converted:
    """One video, before and after."""

    source: media.Probe
    library: Library
    upload: Upload
    video: Video
    playback: Playback
    mp4: bytes

    @property
    def upright(self) -> tuple[int, int]:
        """The source's size as a viewer sees it."""
        turned = self.source.rotation % 180 != 0
        width, height = self.source.width, self.source.height
        return (height, width) if turned else (width, height)


@pytest.fixture(scope="module", params=clips.PLAYABLE)
def converted(request: pytest.FixtureRequest, resident: Person, clip: Callable[[str], Path]) -> Converted:
    source = clip(request.param)
    library = resident.library
    upload, video = publish(library, source)
    playback = library.playback(video.video_id)
    mp4 = library.fetch(playback.mp4_url, playback).content
    return Converted(media.probe(source), library, upload, video, playback, mp4)


def test_the_mp4_is_h264_and_aac_that_every_browser_plays(converted: Converted) -> None:
    seen = media.probe(converted.mp4)
    assert seen.video_codec == "h264"
    assert seen.pixel_format == "yuv420p"
    assert not seen.interlaced
    assert seen.audio_codec == (None if converted.source.audio_codec is None else "aac")
    assert "mp4" in seen.container


def test_every_frame_of_the_mp4_decodes(converted: Converted) -> None:
    decoded = media.decode(converted.mp4)
    assert decoded.video_frames == pytest.approx(clips.SECONDS * clips.RATE, abs=2)
    assert (decoded.audio_frames > 0) == (converted.source.audio_codec is not None)


def test_the_mp4_starts_while_it_loads(converted: Converted) -> None:
    assert media.is_faststart(converted.mp4)


def test_the_picture_is_upright_and_never_larger_than_the_source(converted: Converted) -> None:
    seen = media.probe(converted.mp4)
    assert seen.rotation == 0
    assert (seen.width, seen.height) == converted.upright


def test_the_duration_is_that_of_the_source(converted: Converted) -> None:
    assert media.probe(converted.mp4).duration == pytest.approx(converted.source.duration, abs=DURATION_TOLERANCE)


def test_the_entry_says_what_the_mp4_is(converted: Converted) -> None:
    seen = media.probe(converted.mp4)
    video = converted.video
    assert (video.status, video.progress, video.error) == ("ready", 100, None)
    assert (video.width, video.height) == (seen.width, seen.height)
    assert video.duration_ms is not None
    assert video.duration_ms / 1000 == pytest.approx(seen.duration, abs=DURATION_TOLERANCE)
    assert video.created_at <= video.updated_at


def test_the_hls_ladder_never_rises_above_the_source(converted: Converted) -> None:
    variants = converted.library.variants(converted.playback)
    width, height = converted.upright
    for variant in variants:
        assert variant.width <= width
        assert variant.height <= height
        assert variant.width / variant.height == pytest.approx(width / height, rel=0.02)
        assert variant.codecs.startswith("avc1.")
        assert ("mp4a.40.2" in variant.codecs) == (converted.source.audio_codec is not None)
    assert (width, height) in {(variant.width, variant.height) for variant in variants}


def test_every_hls_segment_decodes_and_all_last_as_long_as_the_source(converted: Converted) -> None:
    for variant in converted.library.variants(converted.playback):
        segments = converted.library.segments(variant, converted.playback)
        frames = sum(_frames(converted, segment, variant) for segment in segments)
        assert frames == pytest.approx(clips.SECONDS * clips.RATE, abs=2)
        total = sum(segment.duration for segment in segments)
        assert total == pytest.approx(converted.source.duration, abs=DURATION_TOLERANCE)


def test_the_poster_is_a_picture_with_and_without_cookies(converted: Converted) -> None:
    poster = converted.library.fetch(converted.playback.poster_url, converted.playback)
    assert poster.headers["Content-Type"] == "image/jpeg"
    assert media.decode(poster.content).size == converted.upright
    assert converted.video.poster_url is not None
    signed = requests.get(converted.video.poster_url, timeout=60)
    assert signed.content == poster.content


def test_the_thumbnails_cover_the_whole_video(converted: Converted) -> None:
    url = converted.playback.thumbnails_url
    answer = converted.library.fetch(url, converted.playback)
    assert answer.headers["Content-Type"].startswith("text/vtt")
    header, *cues = answer.text.strip().split("\n\n")
    assert header.startswith("WEBVTT")
    assert cues
    covered = 0.0
    for cue in cues:
        lines = cue.splitlines()
        start, end = _times(next(line for line in lines if "-->" in line))
        assert start == pytest.approx(covered, abs=0.001)
        covered = end
        image = converted.library.fetch(urldefrag(urljoin(url, lines[-1])).url, converted.playback)
        assert media.decode(image.content).video_frames == 1
    assert covered == pytest.approx(converted.source.duration, abs=DURATION_TOLERANCE)


def test_the_original_goes_and_the_work_is_no_longer_pending(converted: Converted, store: Store) -> None:
    store.wait_original_gone(converted.upload)


def test_one_video_is_one_job(converted: Converted, store: Store) -> None:
    (job,) = store.jobs(converted.video.video_id)
    assert job["Status"] == "COMPLETE"
    assert job["UserMetadata"]["owner"] == converted.library.owner
    assert job["UserMetadata"]["attempt"] == "1"


def _frames(converted: Converted, segment: hls.Segment, variant: hls.Variant) -> int:
    answer = converted.library.fetch(segment.url, converted.playback)
    decoded = media.decode(answer.content)
    assert decoded.size == (variant.width, variant.height)
    return decoded.video_frames


def _times(line: str) -> tuple[float, float]:
    found = CUE.match(line)
    assert found is not None, line
    parts = [float((part or "0").rstrip(":")) for part in found.groups()]
    return parts[0] * 3600 + parts[1] * 60 + parts[2], parts[3] * 3600 + parts[4] * 60 + parts[5]
