"""Frame rates: the service's outputs always have a constant one."""

from __future__ import annotations

from fractions import Fraction

from mediaconvert_standin.errors import InvalidMedia
from mediaconvert_standin.inspection.media import VideoTrack

MAX_FRAME_RATE = 120  # of the service's encoders; also stops files that claim thousands
_BROADCAST = (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001), Fraction(120000, 1001))
_VARIABLE_RATES = (1, 5, 10, 15, 24, 30, 50, 60)  # "Follow source" of a variable-rate input, rounded up
_SAME_RATE = Fraction(1, 100)
_SAME_BROADCAST_RATE = Fraction(1, 5000)


def output_rate(track: VideoTrack) -> Fraction:
    """The constant rate of an output that follows this source.

    Raises InvalidMedia for a source without a rate or above MAX_FRAME_RATE.
    """
    average, base = track.frame_rate, track.base_rate
    if average <= 0:
        raise InvalidMedia("Invalid frame rate: the input does not say its frame rate. Specify one and resubmit.")
    for rate in (base, base / 2):  # half: a base rate that counts fields
        if is_near(average, rate, _SAME_RATE):
            return _checked(_broadcast(average) or _broadcast(rate) or rate)
    return _checked(next((Fraction(rate) for rate in _VARIABLE_RATES if average <= rate), Fraction(60)))


def is_near(value: Fraction, other: Fraction, tolerance: Fraction) -> bool:
    return abs(value - other) <= tolerance * other


def _broadcast(rate: Fraction) -> Fraction | None:
    """The exact 1000/1001 rate that a rounded one stands for."""
    return next((exact for exact in _BROADCAST if is_near(rate, exact, _SAME_BROADCAST_RATE)), None)


def _checked(rate: Fraction) -> Fraction:
    if rate > MAX_FRAME_RATE:
        raise InvalidMedia(f"Invalid frame rate [{float(rate):.2f}], the maximum is {MAX_FRAME_RATE}.")
    return rate.limit_denominator(1_000_000)
