"""What has to outlive the process: jobs, and events that EventBridge has not taken yet. One SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
"""


class Database:
    """Rows of text by key; what the text means is the callers' affair. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(_TABLES)

    def save_job(self, job_id: str, record: str) -> None:
        self._execute(
            "INSERT INTO jobs VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record", job_id, record
        )

    def forget_job(self, job_id: str) -> None:
        self._execute("DELETE FROM jobs WHERE id = ?", job_id)

    def jobs(self) -> list[str]:
        """Records in order of creation: ids start with the time."""
        return [row[1] for row in self._rows("SELECT 0, record FROM jobs ORDER BY id")]

    def keep_event(self, entry: str) -> int:
        """Number of the kept event."""
        with self._lock:
            number = self._connection.execute("INSERT INTO events (entry) VALUES (?)", (entry,)).lastrowid
        return number or 0

    def forget_event(self, number: int) -> None:
        self._execute("DELETE FROM events WHERE number = ?", number)

    def events(self) -> list[tuple[int, str]]:
        """Kept events, oldest first: number and entry."""
        return [(row[0], row[1]) for row in self._rows("SELECT number, entry FROM events ORDER BY number")]

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _execute(self, statement: str, *values: str | int) -> None:
        with self._lock:
            self._connection.execute(statement, values)

    def _rows(self, statement: str) -> list[tuple[int, str]]:
        with self._lock:
            return self._connection.execute(statement).fetchall()
