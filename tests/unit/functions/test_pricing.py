"""What a conversion is estimated to cost."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video import pricing
from sstech_video.ladder import ladder
from sstech_video.sources import Source

HOUR = 3_600_000


def film(short: int, long: int, duration_ms: int | None = HOUR, rate: int = 25) -> Source:
    return Source(width=long, height=short, duration_ms=duration_ms, frame_rate=Fraction(rate))


def dollars(source: Source, size: int = 10**9, percent: int = 100) -> float:
    return pricing.estimate(ladder(source), source, size, percent) / pricing.DOLLAR


@pytest.mark.parametrize(
    ("source", "per_hour"),
    [
        # MP4 1080p, HLS 1080p 720p (HD), HLS 480p 360p and two frame captures (SD).
        (film(1080, 1920), 60 * (3 * 0.015 + 4 * 0.0075)),
        (film(1080, 1920, rate=60), 60 * (3 * 0.03 + 2 * 0.015 + 2 * 0.0075)),
        # Never above the source: MP4 480p, HLS 480p 360p.
        (film(480, 854), 60 * 5 * 0.0075),
        # 4K is converted to 1080 lines.
        (film(2160, 3840), 60 * (3 * 0.015 + 4 * 0.0075)),
    ],
)
def test_an_hour_of_film_costs_its_outputs(source: Source, per_hour: float) -> None:
    assert dollars(source) == pytest.approx(per_hour)


def test_ten_seconds_are_billed_at_least() -> None:
    assert dollars(film(480, 854, duration_ms=1)) == dollars(film(480, 854, duration_ms=10_000))
    assert dollars(film(480, 854, duration_ms=20_000)) == pytest.approx(2 * dollars(film(480, 854, duration_ms=1)))


def test_what_no_probe_knows_is_priced_by_its_size() -> None:
    assert dollars(Source(), size=5 * 1024**4) > 10_000
    assert dollars(Source(), size=450_000_000) == dollars(Source(duration_ms=HOUR), size=1)


def test_an_unknown_frame_rate_is_priced_as_a_high_one() -> None:
    unknown = Source(width=1920, height=1080, duration_ms=HOUR)
    assert dollars(unknown) == dollars(film(1080, 1920, rate=60))


def test_other_regions_have_another_price_level() -> None:
    assert dollars(film(480, 854), percent=150) == pytest.approx(1.5 * dollars(film(480, 854)))


@given(st.integers(2, 4320), st.integers(2, 8192), st.integers(0, 10**9), st.integers(1, 120))
def test_an_estimate_is_a_whole_number_above_nothing(short: int, long: int, duration_ms: int, rate: int) -> None:
    source = film(short, long, duration_ms, rate)
    cost = pricing.estimate(ladder(source), source, 1, 100)
    assert isinstance(cost, int)
    assert cost > 0


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "$0.00"), (1, "$0.01"), (12_340_000, "$12.34"), (12_340_001, "$12.35")]
)
def test_people_read_dollars_and_cents(micros: int, text: str) -> None:
    assert pricing.dollars(micros) == text
