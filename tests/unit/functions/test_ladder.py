from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video.ladder import MAX_LONG_SIDE, MAX_SHORT_SIDE, MIN_SIDE, Rung, ladder
from sstech_video.sources import Source

SIDES = st.integers(32, 8192)


def fitted(rung: Rung, width: int, height: int) -> tuple[Fraction, Fraction]:
    """What FIT_NO_UPSCALE makes of a picture, before rounding."""
    scale = min(Fraction(1), Fraction(rung.width, width), Fraction(rung.height, height))
    return width * scale, height * scale


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((3840, 2160), ["1080p", "720p", "480p", "360p"]),
        ((1920, 1080), ["1080p", "720p", "480p", "360p"]),
        ((1080, 1920), ["1080p", "720p", "480p", "360p"]),
        ((1280, 720), ["720p", "480p", "360p"]),
        ((854, 480), ["480p", "360p"]),
        ((640, 360), ["360p"]),
        ((320, 240), ["240p"]),
        ((1000, 500), ["500p", "360p"]),
        ((2048, 1536), ["1080p", "720p", "480p", "360p"]),
        ((3840, 800), ["400p"]),
    ],
)
def test_the_rungs_of_common_sizes(size: tuple[int, int], names: list[str]) -> None:
    assert [rung.name for rung in ladder(Source(width=size[0], height=size[1]))] == names


@pytest.mark.parametrize(
    ("size", "boxes"),
    [((1920, 1080), [1920, 1280, 854, 640]), ((720, 1280), [1280, 854, 640]), ((641, 359), [640])],
)
def test_boxes_are_those_of_the_common_sizes(size: tuple[int, int], boxes: list[int]) -> None:
    assert [rung.width for rung in ladder(Source(width=size[0], height=size[1]))] == boxes


@given(SIDES, SIDES)
def test_no_rung_is_above_the_source_or_1080_lines(width: int, height: int) -> None:
    for rung in ladder(Source(width=width, height=height)):
        fitted_width, fitted_height = fitted(rung, width, height)
        assert fitted_width <= width
        assert fitted_height <= height
        assert max(fitted_width, fitted_height) <= MAX_LONG_SIDE
        assert min(fitted_width, fitted_height) <= MAX_SHORT_SIDE + 1


@given(SIDES, SIDES)
def test_every_box_is_even_and_large_enough_for_mediaconvert(width: int, height: int) -> None:
    for rung in ladder(Source(width=width, height=height)):
        assert rung.width % 2 == rung.height % 2 == 0
        assert min(rung.width, rung.height) >= MIN_SIDE


@given(SIDES, SIDES)
def test_a_ladder_goes_down_and_its_names_differ(width: int, height: int) -> None:
    rungs = ladder(Source(width=width, height=height))
    assert 1 <= len(rungs) <= 4
    assert len({rung.name for rung in rungs}) == len(rungs)
    assert [r.width for r in rungs] == sorted((r.width for r in rungs), reverse=True)
    assert [r.max_bitrate for r in rungs] == sorted((r.max_bitrate for r in rungs), reverse=True)


@given(SIDES, SIDES)
def test_a_turned_picture_gets_the_same_ladder(width: int, height: int) -> None:
    assert ladder(Source(width=width, height=height)) == ladder(Source(width=height, height=width))


def test_many_frames_a_second_get_more_bits() -> None:
    calm = ladder(Source(width=1920, height=1080, frame_rate=Fraction(30)))
    lively = ladder(Source(width=1920, height=1080, frame_rate=Fraction(60)))
    assert [r.max_bitrate for r in lively] == [r.max_bitrate * 3 // 2 for r in calm]


def test_an_unknown_source_is_kept_within_1080_lines() -> None:
    rungs = ladder(Source())
    assert (rungs[0].width, rungs[0].height) == (1920, 1080)
    assert all(r.width <= 1920 and r.height <= 1080 and r.width % 2 == r.height % 2 == 0 for r in rungs)
