"""Keeps the videos over a restart: the embedded engine holds objects in memory and forgets them when it stops.

Everything else (accounts, stack, keys, messages) the engine saves by itself. A snapshot is of one moment: it is whole
once nothing has changed since its first object was read, lest an entry of before a conversion's end come back beside a
marker of after it. Objects are read in ranges, because the engine multiplies whole reads in memory, and written back
with their content type and cache header. An original that comes back raises its upload event again, which the pipeline
takes as the duplicate that it is, or as the conversion that was still to do.
"""

import itertools
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from sstech_video.keys import PENDING

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# What people made; the site and the functions' zip are deployed again anyway. The entries come back before the
# originals whose events refer to them.
KEPT_BUCKETS = ("video-streaming-media", "video-temp-conversion")
RANGE_BYTES = 8 * 1024 * 1024
INDEX = "index.json"
STILL_SECONDS = 60.0
"""Something that never rests must not keep a person from stopping the stack."""
PAUSE_SECONDS = 0.1
CHANGED_MEANWHILE = frozenset({404, 416})


class SnapshotError(Exception):
    """The videos of a running engine could not be saved."""


class Name(NamedTuple):
    bucket: str
    key: str


class Version(NamedTuple):
    """What an object was at one moment: content and time of writing."""

    etag: str
    modified: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Saved:
    """One object of the snapshot; `file` is its name inside the snapshot's folder."""

    bucket: str
    key: str
    file: str
    content_type: str
    cache_control: str


class Snapshots:
    """The last snapshot of a stack's objects, in a folder of its state directory."""

    def __init__(self, state_dir: Path, s3: "S3Client") -> None:
        self._folder = state_dir / "objects"
        self._index = self._folder / INDEX
        self._s3 = s3

    def save(self, *, still_seconds: float = STILL_SECONDS) -> bool:
        """Replaces the snapshot by one of this moment.

        Returns False when objects kept changing for `still_seconds`: each is then kept as it was seen last.
        Raises SnapshotError when they cannot be read or written: the former snapshot stays.
        """
        folder = self._folder / secrets.token_hex(8)
        try:
            reading = _Reading(self._s3, folder)
            deadline = time.monotonic() + still_seconds
            while not (is_whole := reading.catch_up()) and time.monotonic() < deadline:
                time.sleep(PAUSE_SECONDS)
            self._point_to(reading)
        except (OSError, BotoCoreError, ClientError) as error:
            raise SnapshotError(
                f"The videos could not be saved: {error}. The engine still runs and holds them: mend this (is the disk "
                f"full? {self._folder}) and run the same command again."
            ) from error
        finally:
            self._remove_all_but_the_last()
        return is_whole

    def restore(self, say: Callable[[str], None]) -> int:
        """Puts the objects of the snapshot back; returns their number."""
        folder, entries = self._last()
        for number, entry in enumerate(entries, 1):
            say(f"Bringing the videos back ({number}/{len(entries)})")
            headers = {"ContentType": entry.content_type, "CacheControl": entry.cache_control}
            self._s3.upload_file(
                str(folder / entry.file),
                entry.bucket,
                entry.key,
                ExtraArgs={name: value for name, value in headers.items() if value},
                Config=TransferConfig(multipart_chunksize=RANGE_BYTES * 8, use_threads=False),
            )
        return len(entries)

    def _point_to(self, reading: "_Reading") -> None:
        """From here on the new snapshot counts; whatever ends this program before, the former one does."""
        index = {"folder": reading.folder.name, "objects": [asdict(entry) for entry in reading.saved]}
        partial = self._index.with_suffix(".partial")
        partial.write_text(json.dumps(index), encoding="utf-8")
        partial.replace(self._index)

    def _last(self) -> tuple[Path, list[Saved]]:
        """The folder of the last snapshot and what is in it."""
        if not self._index.exists():
            return self._folder, []
        index = json.loads(self._index.read_text(encoding="utf-8"))
        # Earlier versions had one snapshot only, its files beside the list of them.
        folder, records = (".", index) if isinstance(index, list) else (index["folder"], index["objects"])
        return self._folder / folder, [Saved(**record) for record in records]

    def _remove_all_but_the_last(self) -> None:
        """Former snapshots, and what one that was cut short has left."""
        folder, entries = self._last()
        kept = {self._index, *(folder / entry.file for entry in entries)}
        for path in sorted(self._folder.rglob("*"), reverse=True):
            if path.is_file() and path not in kept:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()


class _Reading:
    """Follows the objects of a running engine until what is on disk is what the engine holds."""

    def __init__(self, s3: "S3Client", folder: Path) -> None:
        self.folder = folder
        self._s3 = s3
        self._seen: dict[Name, Version] = {}
        self._saved: dict[Name, Saved] = {}
        self._files = itertools.count()
        folder.mkdir(parents=True)

    @property
    def saved(self) -> list[Saved]:
        """In the order in which they go back.

        Markers are the last: what looks at them finds everything else there.
        """
        return sorted(
            self._saved.values(),
            key=lambda entry: (KEPT_BUCKETS.index(entry.bucket), entry.key.startswith(PENDING), entry.key),
        )

    def catch_up(self) -> bool:
        """Reads what has changed since the last call. Returns True when nothing has."""
        now = self._versions()
        if now == self._seen:
            return True
        for gone in self._seen.keys() - now.keys():
            self._saved.pop(gone, None)
        for name, version in now.items():
            if self._seen.get(name) != version:
                self._save(name, version.size)
        self._seen = now
        return not now

    def _versions(self) -> dict[Name, Version]:
        return {
            Name(bucket, entry["Key"]): Version(entry["ETag"], entry["LastModified"], entry["Size"])
            for bucket in KEPT_BUCKETS
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for entry in page.get("Contents", [])
        }

    def _save(self, name: Name, size: int) -> None:
        path = self.folder / str(next(self._files))
        try:
            head = self._s3.head_object(Bucket=name.bucket, Key=name.key)
            with path.open("wb") as file:
                for start in range(0, size, RANGE_BYTES):
                    span = f"bytes={start}-{min(start + RANGE_BYTES, size) - 1}"
                    file.write(self._s3.get_object(Bucket=name.bucket, Key=name.key, Range=span)["Body"].read())
        except ClientError as error:
            # Gone or shorter since it was listed: the next list knows.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in CHANGED_MEANWHILE:
                raise
            return
        headers = head.get("ContentType", ""), head.get("CacheControl", "")
        self._saved[name] = Saved(name.bucket, name.key, path.name, *headers)
