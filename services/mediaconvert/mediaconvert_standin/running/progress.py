"""Percentages of a running job, by phase."""

from __future__ import annotations

import threading
from typing import Any

PHASES = ("PROBING", "TRANSCODING", "UPLOADING")
# Weights that reproduce observed pairs: probing 100 and transcoding 2 is 7; transcoding 100 is 66.
_WEIGHTS = {"PROBING": 6, "TRANSCODING": 60, "UPLOADING": 34}


class Progress:
    """Written by the job's thread, read by GetJob and by status updates."""

    def __init__(self, retries: int = 0, *, has_estimate: bool = True) -> None:
        self._retries = retries
        self._has_estimate = has_estimate
        self._lock = threading.Lock()
        self._phase = 0
        self._percent = 0
        self._frames = 0

    @property
    def phase(self) -> str:
        return PHASES[self._phase]

    def enter(self, phase: str) -> None:
        with self._lock:
            self._phase, self._percent = PHASES.index(phase), 0

    def advance(self, done: float, total: float | None, frames: int | None = None) -> None:
        """Report ``done`` of ``total`` of the current phase; an unknown total keeps the percentage."""
        with self._lock:
            if total:
                self._percent = min(99, max(self._percent, int(100 * done / total)))
            if frames is not None:
                self._frames = frames

    def job_percent(self) -> int:
        with self._lock:
            before = sum(_WEIGHTS[phase] for phase in PHASES[: self._phase])
            return int(before + _WEIGHTS[PHASES[self._phase]] * self._percent / 100)

    def detail(self) -> dict[str, Any]:
        """``framesDecoded`` and ``jobProgress`` of a STATUS_UPDATE event."""
        percent = self.job_percent()
        with self._lock:
            phases = {phase: self._phase_detail(index) for index, phase in enumerate(PHASES)}
            progress = {
                "phaseProgress": phases,
                "jobPercentComplete": percent if self._has_estimate else None,
                "currentPhase": PHASES[self._phase],
                "retryCount": self._retries,
            }
            return {"framesDecoded": self._frames, "jobProgress": progress}

    def _phase_detail(self, index: int) -> dict[str, Any]:
        if index < self._phase:
            return {"status": "COMPLETE", "percentComplete": 100}
        if index > self._phase:
            return {"status": "PENDING", "percentComplete": 0}
        return {"status": "PROGRESSING", "percentComplete": self._percent}
