"""What has to outlive the process, in one SQLite file: jobs, named resources, tags, and events still to be sent."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (json_extract(record, '$.status'), id);
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS tags (arn TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS history (
    number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, status TEXT NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_by_job ON history (job, number);
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, event TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS begun_uploads (
    job TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, upload TEXT NOT NULL,
    PRIMARY KEY (bucket, key, job, upload));
CREATE INDEX IF NOT EXISTS begun_uploads_by_job ON begun_uploads (job);
"""
HISTORY_EVENTS = 20_000  # for the page and the event stream; the outbox is never shortened
_STATUS = "json_extract(record, '$.status')"
_SAVE_TAGS = "INSERT OR REPLACE INTO tags VALUES (?, ?)"
_BATCH = 50

Value = str | int
Row = tuple[str, ...]


class Database:
    """Rows of text by key; what the text means is the callers' affair. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(_TABLES)

    def add_job(self, job_id: str, record: str, arn: str, tags: str | None) -> bool:
        """Store a new job with its tags, all or nothing. False when the id is taken."""
        with self._transaction() as connection:
            added = connection.execute("INSERT OR IGNORE INTO jobs VALUES (?, ?)", (job_id, record)).rowcount == 1
            if added and tags is not None:
                connection.execute(_SAVE_TAGS, (arn, tags))
        return added

    def save_job(self, job_id: str, record: str) -> None:
        self._execute(
            "INSERT INTO jobs VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record", job_id, record
        )

    def job(self, job_id: str) -> str | None:
        return next((row[0] for row in self._rows("SELECT record FROM jobs WHERE id = ?", job_id)), None)

    def jobs(self, statuses: Sequence[str] = (), *, ascending: bool = True, after: str | None = None) -> Iterator[str]:
        """Records in order of creation, as ids start with the time, or newest first; read in small batches."""
        comparison, order = (">", "ASC") if ascending else ("<", "DESC")
        marks = ", ".join("?" * len(statuses))
        where = f"{_STATUS} IN ({marks})" if statuses else "TRUE"
        while True:
            beyond = f"AND id {comparison} ?" if after is not None else ""
            rows = self._rows(
                f"SELECT id, record FROM jobs WHERE {where} {beyond} ORDER BY id {order} LIMIT {_BATCH}",  # noqa: S608
                *statuses,
                *([after] if after is not None else []),
            )
            yield from (row[1] for row in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1][0]

    def newest_job_ids(self, limit: int) -> list[str]:
        return [row[0] for row in self._rows("SELECT id FROM jobs ORDER BY id DESC LIMIT ?", limit)]

    def count_jobs(self, statuses: Sequence[str]) -> list[tuple[str, str, int]]:
        """(queue that the job is in, status, number) for the given statuses."""
        marks = ", ".join("?" * len(statuses))
        place = "coalesce(json_extract(record, '$.current_queue'), json_extract(record, '$.queue'))"
        found = self._rows(
            f"SELECT {place}, {_STATUS}, count(*) FROM jobs WHERE {_STATUS} IN ({marks}) GROUP BY 1, 2",  # noqa: S608
            *statuses,
        )
        return [(row[0], row[1], int(row[2])) for row in found]

    def forget_jobs(self, statuses: Sequence[str], keep: int) -> None:
        """Delete the oldest jobs of these statuses beyond ``keep`` jobs of any status, with their tags."""
        marks = ", ".join("?" * len(statuses))
        oldest = (
            f"SELECT id FROM jobs WHERE {_STATUS} IN ({marks}) "  # noqa: S608
            "ORDER BY id LIMIT max(0, (SELECT count(*) FROM jobs) - ?)"
        )
        with self._transaction() as connection:
            ids = [(row[0],) for row in connection.execute(oldest, (*statuses, keep)).fetchall()]
            arn = "SELECT json_extract(record, '$.arn') FROM jobs WHERE id = ?"
            connection.executemany(f"DELETE FROM tags WHERE arn = ({arn})", ids)  # noqa: S608
            connection.executemany("DELETE FROM jobs WHERE id = ?", ids)

    def add_resource(self, kind: str, name: str, record: str, arn: str = "", tags: str | None = None) -> bool:
        """Store it with its tags, all or nothing. False when the name is taken."""
        with self._transaction() as connection:
            values = (kind, name, record)
            added = connection.execute("INSERT OR IGNORE INTO resources VALUES (?, ?, ?)", values).rowcount == 1
            if added and tags is not None:
                connection.execute(_SAVE_TAGS, (arn, tags))
        return added

    def put_resource(self, kind: str, name: str, record: str) -> None:
        """Store it, in place of what has the name."""
        self._execute("INSERT OR REPLACE INTO resources VALUES (?, ?, ?)", kind, name, record)

    def save_resource(self, kind: str, name: str, record: str) -> None:
        self._execute("UPDATE resources SET record = ? WHERE kind = ? AND name = ?", record, kind, name)

    def resource(self, kind: str, name: str) -> str | None:
        rows = self._rows("SELECT record FROM resources WHERE kind = ? AND name = ?", kind, name)
        return next((row[0] for row in rows), None)

    def resources(self, kind: str) -> list[str]:
        return [row[0] for row in self._rows("SELECT record FROM resources WHERE kind = ? ORDER BY name", kind)]

    def forget_resource(self, kind: str, name: str, arn: str = "") -> None:
        """Delete it with its tags: the next of that name is to start without."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM resources WHERE kind = ? AND name = ?", (kind, name))
            connection.execute("DELETE FROM tags WHERE arn = ?", (arn,))

    def forget_oldest_resources(self, kind: str, keep: int) -> None:
        self._execute(
            "DELETE FROM resources WHERE kind = ? AND rowid NOT IN "
            "(SELECT rowid FROM resources WHERE kind = ? ORDER BY rowid DESC LIMIT ?)",
            kind,
            kind,
            keep,
        )

    def tags(self, arn: str) -> str | None:
        return next((row[0] for row in self._rows("SELECT record FROM tags WHERE arn = ?", arn)), None)

    def save_tags(self, arn: str, record: str) -> None:
        self._execute(_SAVE_TAGS, arn, record)

    def keep_event(self, job_id: str, status: str, event: str, destinations: Sequence[str]) -> int:
        """Write an event down for everybody who is to get it, all or nothing; its number in the history."""
        with self._transaction() as connection:
            number = connection.execute(
                "INSERT INTO history (job, status, event) VALUES (?, ?, ?)", (job_id, status, event)
            ).lastrowid
            connection.executemany(
                "INSERT INTO outbox (destination, event) VALUES (?, ?)",
                [(destination, event) for destination in destinations],
            )
            connection.execute("DELETE FROM history WHERE number <= ?", ((number or 0) - HISTORY_EVENTS,))
        return number or 0

    def next_event(self, destination: str) -> tuple[int, str] | None:
        """The oldest event a destination has not taken yet."""
        rows = self._rows("SELECT number, event FROM outbox WHERE destination = ? ORDER BY number LIMIT 1", destination)
        return next(((int(row[0]), row[1]) for row in rows), None)

    def forget_event(self, number: int) -> None:
        self._execute("DELETE FROM outbox WHERE number = ?", number)

    def history(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Events of all jobs after a number, oldest first."""
        rows = self._rows("SELECT number, event FROM history WHERE number > ? ORDER BY number LIMIT ?", after, limit)
        return [(int(row[0]), row[1]) for row in rows]

    def history_of(self, job_id: str, limit: int) -> list[str]:
        """The last events of one job, oldest first."""
        rows = self._rows("SELECT event FROM history WHERE job = ? ORDER BY number DESC LIMIT ?", job_id, limit)
        return [row[0] for row in reversed(rows)]

    def last_event_number(self) -> int:
        return int(self._rows("SELECT coalesce(max(number), 0) FROM history")[0][0])

    def was_told(self, job_id: str, status: str) -> bool:
        return bool(self._rows("SELECT 1 FROM history WHERE job = ? AND status = ? LIMIT 1", job_id, status))

    def note_upload(self, job_id: str, bucket: str, key: str, upload_id: str) -> bool:
        """False when it was there."""
        statement = "INSERT OR IGNORE INTO begun_uploads VALUES (?, ?, ?, ?)"
        return self._execute(statement, job_id, bucket, key, upload_id) == 1

    def uploads(self, job_id: str) -> list[tuple[str, str, str]]:
        """(bucket, key, id of the multipart upload or empty)"""
        rows = self._rows("SELECT bucket, key, upload FROM begun_uploads WHERE job = ? ORDER BY rowid", job_id)
        return [(row[0], row[1], row[2]) for row in rows]

    def jobs_with_uploads(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT DISTINCT job FROM begun_uploads ORDER BY job")]

    def forget_upload(self, job_id: str, bucket: str, key: str, upload_id: str) -> None:
        statement = "DELETE FROM begun_uploads WHERE job = ? AND bucket = ? AND key = ? AND upload = ?"
        self._execute(statement, job_id, bucket, key, upload_id)

    def own_upload(self, job_id: str, bucket: str, key: str) -> None:
        """Forget what other jobs noted of an object; their multipart uploads stay theirs."""
        statement = "DELETE FROM begun_uploads WHERE bucket = ? AND key = ? AND job <> ? AND upload = ''"
        self._execute(statement, bucket, key, job_id)

    def forget_uploads(self, job_id: str) -> None:
        self._execute("DELETE FROM begun_uploads WHERE job = ?", job_id)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, also when the process dies in between."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            yield self._connection

    def _execute(self, statement: str, *values: Value) -> int:
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def _rows(self, statement: str, *values: Value) -> list[Row]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()
