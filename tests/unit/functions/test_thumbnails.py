from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video import thumbnails


def names(count: int) -> list[str]:
    return [f"thumbs.{index:07d}.jpg" for index in range(count)]


def cues(text: str) -> list[tuple[int, int]]:
    found = re.findall(r"(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})", text)
    return [(_ms(*cue[:4]), _ms(*cue[4:])) for cue in found]


def _ms(hours: str, minutes: str, seconds: str, milliseconds: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(milliseconds)


def test_each_picture_has_its_moment() -> None:
    assert thumbnails.webvtt(names(3), 2, 5300) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\nthumbs.0000000.jpg\n\n"
        "00:00:02.000 --> 00:00:04.000\nthumbs.0000001.jpg\n\n"
        "00:00:04.000 --> 00:00:05.300\nthumbs.0000002.jpg\n"
    )


def test_a_video_without_pictures_has_an_empty_file() -> None:
    assert thumbnails.webvtt([], 2, 1000) == "WEBVTT\n"


def test_a_picture_after_the_end_is_left_out() -> None:
    assert cues(thumbnails.webvtt(names(3), 2, 4000)) == [(0, 2000), (2000, 4000)]


def test_without_a_duration_the_last_picture_lasts_as_long_as_the_others() -> None:
    assert cues(thumbnails.webvtt(names(2), 10, None)) == [(0, 10_000), (10_000, 20_000)]


@given(st.integers(0, 400), st.integers(1, 100), st.none() | st.integers(1, 10**8))
def test_cues_follow_one_another_and_none_is_empty(count: int, every: int, duration_ms: int | None) -> None:
    found = cues(thumbnails.webvtt(names(count), every, duration_ms))
    assert all(start < end for start, end in found)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(found))


@given(st.integers(1, 12 * 3600 * 1000))
def test_no_video_has_more_pictures_than_the_limit(duration_ms: int) -> None:
    every = thumbnails.interval_seconds(duration_ms)
    assert every >= thumbnails.MIN_INTERVAL_SECONDS
    assert duration_ms / 1000 / every <= thumbnails.MAX_THUMBNAILS


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0, "00:00:00.000"), (3_661_001, "01:01:01.001"), (360_000_000, "100:00:00.000")]
)
def test_times_are_written_as_webvtt_wants_them(milliseconds: int, text: str) -> None:
    assert thumbnails.timestamp(milliseconds) == text
