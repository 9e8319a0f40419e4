"""What an interrupted upload left behind: one small file for each upload, so that the same command goes on.

Nothing in it opens anything: a video's id and what the file looked like when its upload began.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from devstack.contract.answers import MultipartPlan, StoredPart

EDGE = 1024 * 1024
"""Bytes at the start and at the end of a file that its fingerprint covers."""


class FileBusyError(Exception):
    """Another command is uploading the same file."""


@dataclass(frozen=True)
class Fingerprint:
    """What tells one state of a file from another without reading all of it. `modified` in nanoseconds."""

    size: int
    modified: int
    edges: str

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            digest = hashlib.sha256(stream.read(EDGE))
            stream.seek(max(0, status.st_size - EDGE))
            digest.update(stream.read(EDGE))
        return cls(status.st_size, status.st_mtime_ns, digest.hexdigest())


@dataclass(frozen=True)
class Record:
    """An upload under way.

    `video_id` is None while the platform is asked for one: whoever finds that does not know whether it has one.
    `opened` is the time of asking, in epoch seconds; `asked_again_until` is set when some answer was lost, so that the
    platform may have opened several uploads from `opened` until then. `parts` are set once all of them arrived: then
    only `complete` is missing.
    """

    video_id: str | None
    fingerprint: Fingerprint
    opened: float
    plan: MultipartPlan | None = None
    parts: tuple[StoredPart, ...] | None = None
    asked_again_until: float | None = None

    def with_parts(self, parts: tuple[StoredPart, ...]) -> Record:
        return replace(self, parts=parts)


class Records:
    """The uploads of one person to one site."""

    def __init__(self, folder: Path, site: str, owner: str) -> None:
        self._folder = folder
        self._whose = f"{site}\n{owner}\n"

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Keeps the file for this command. Raises FileBusyError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._file(path).with_suffix(".lock"), timeout=0):
                yield
        except Timeout as error:
            raise FileBusyError(f"Another command is uploading {path}. Let it finish, or stop it first.") from error

    def find(self, path: Path) -> Record | None:
        """None when there is none, or none that can be read."""
        try:
            return _parse(json.loads(self._file(path).read_text(encoding="utf-8")))
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None

    def others(self, path: Path) -> list[tuple[str, Record]]:
        """Name and record of every other file that is under way, or was."""
        own = self._file(path)
        found = []
        for file in self._folder.glob("*.json"):
            with suppress(FileNotFoundError, KeyError, TypeError, ValueError):
                document = json.loads(file.read_text(encoding="utf-8"))
                if file != own:
                    found.append((Path(document["file"]).name, _parse(document)))
        return found

    def keep(self, path: Path, record: Record) -> None:
        """On disk before it returns: what comes next may be a crash."""
        file = self._file(path)
        partial = file.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as stream:
            json.dump({"file": str(path.resolve()), **asdict(record)}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)

    def forget(self, path: Path) -> None:
        self._file(path).unlink(missing_ok=True)

    def _file(self, path: Path) -> Path:
        name = hashlib.sha256((self._whose + str(path.resolve())).encode("utf-8", "surrogateescape")).hexdigest()
        return self._folder / f"{name[:32]}.json"


def _parse(document: dict[str, Any]) -> Record:
    plan, parts = document["plan"], document["parts"]
    return Record(
        None if document["video_id"] is None else str(document["video_id"]),
        Fingerprint(**document["fingerprint"]),
        float(document["opened"]),
        None if plan is None else MultipartPlan(**plan),
        None if parts is None else tuple(StoredPart(**part) for part in parts),
        document.get("asked_again_until"),
    )
