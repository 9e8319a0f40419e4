"""Timecodes ``HH:MM:SS:FF`` and the frames they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;])(\d{2,3})(?:@\d+(?:\.\d+)?)?")
_DROPPED_PER_MINUTE = 2  # frames at 29.97, SMPTE ST 12-1; twice as many at 59.94


@dataclass(frozen=True)
class Timecode:
    text: str
    hours: int
    minutes: int
    seconds: int
    frames: int
    drop_frame: bool

    @classmethod
    def parse(cls, text: str) -> Timecode:
        """Raises ValueError."""
        found = _TIMECODE.fullmatch(text)
        if found is None or int(found[2]) > 59 or int(found[3]) > 59:
            raise ValueError(f"{text} is not a timecode HH:MM:SS:FF")
        return cls(text, int(found[1]), int(found[2]), int(found[3]), int(found[5]), found[4] == ";")

    def frame(self, rate: Fraction) -> int:
        """Number of the frame from 00:00:00:00 on, at a frame rate."""
        nominal = max(1, round(rate))
        minutes = self.hours * 60 + self.minutes
        number = (minutes * 60 + self.seconds) * nominal + self.frames
        if self.drop_frame:
            number -= _DROPPED_PER_MINUTE * (nominal // 30) * (minutes - minutes // 10)
        return number

    def audio_seconds(self) -> Fraction:
        """Seconds for an input without pictures, where the last part counts hundredths."""
        return Fraction((self.hours * 60 + self.minutes) * 60 + self.seconds) + Fraction(self.frames, 100)


def label(frame: int, rate: Fraction) -> str:
    """The timecode, without dropping frames, of a frame number."""
    nominal = max(1, round(rate))
    seconds, frames = divmod(frame, nominal)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"
