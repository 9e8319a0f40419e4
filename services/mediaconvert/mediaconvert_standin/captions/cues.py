"""Captions as timed text, wherever they came from, and their place on the programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mediaconvert_standin.transcoding.pieces import Piece


@dataclass(frozen=True)
class Cue:
    """``start`` and ``end`` in seconds; plain text, one string for each line."""

    start: float
    end: float
    lines: tuple[str, ...]


def on_programme(pieces: Sequence[Piece], cues: Mapping[int, Sequence[Cue]]) -> list[Cue]:
    """Cues of each input moved to where its pieces stand; what is outside them vanishes."""
    found: list[Cue] = []
    begin = 0.0
    for piece in pieces:
        length = piece.seconds
        end = piece.start + length if length is not None else float("inf")
        for cue in cues.get(piece.input, ()):
            start, stop = max(cue.start, piece.start), min(cue.end, end)
            if start < stop:
                found.append(replace(cue, start=begin + start - piece.start, end=begin + stop - piece.start))
        begin += length or 0.0
    return found


def shifted(cues: Sequence[Cue], seconds: float) -> list[Cue]:
    """Cues moved in time; those that end before zero vanish."""
    moved = (replace(cue, start=max(0.0, cue.start + seconds), end=cue.end + seconds) for cue in cues)
    return [cue for cue in moved if cue.end > cue.start]
