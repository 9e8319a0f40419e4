"""The service's time: the machine's, unless somebody moves it on or makes its waits shorter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """``now`` is in epoch seconds. ``speed`` shortens the service's own waits, not the work it does."""

    def __init__(self, speed: float = 1, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._speed = speed
        self._ahead = 0.0
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        with self._lock:
            return self._source() + self._ahead

    def real(self, seconds: float) -> float:
        """How long a wait of ``seconds`` takes here."""
        return seconds / self._speed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        with self._lock:
            self._ahead += seconds
        for listener in self._listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)
