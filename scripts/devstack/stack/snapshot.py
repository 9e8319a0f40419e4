"""Keeps the videos over a restart: the embedded engine holds objects in memory and forgets them when it stops.

Everything else (accounts, stack, keys) the engine saves by itself. Objects are read in ranges, because the engine
multiplies whole reads in memory, and written back with their content type and cache header. An original that comes
back raises its upload event again, which the pipeline takes as the duplicate that it is, or as the conversion that
was still to do.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig

from bootstrap.local_account import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from devstack.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# What people made; the site and the functions' zip are deployed again anyway. The entries come back before the
# originals whose events refer to them.
KEPT_BUCKETS = ("video-streaming-media", "video-temp-conversion")
RANGE_BYTES = 8 * 1024 * 1024
INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class Saved:
    """One object of the snapshot; `file` is its name inside the snapshot's folder."""

    bucket: str
    key: str
    file: str
    content_type: str
    cache_control: str


def save_objects(settings: Settings) -> int:
    """Writes every object of the kept buckets to the state directory; returns their number."""
    s3 = _client(settings)
    partial = settings.state_dir / "objects.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    saved: list[Saved] = []
    for bucket in KEPT_BUCKETS:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                saved.append(_save(s3, bucket, entry["Key"], entry["Size"], partial / str(len(saved))))
    (partial / INDEX).write_text(json.dumps([asdict(entry) for entry in saved]), encoding="utf-8")
    final = settings.state_dir / "objects"
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    return len(saved)


def restore_objects(settings: Settings, say: Callable[[str], None]) -> int:
    """Puts the last snapshot's objects back; returns their number."""
    folder = settings.state_dir / "objects"
    if not (folder / INDEX).exists():
        return 0
    entries = [Saved(**record) for record in json.loads((folder / INDEX).read_text(encoding="utf-8"))]
    s3 = _client(settings)
    for number, entry in enumerate(entries, 1):
        say(f"Bringing the videos back ({number}/{len(entries)})")
        headers = {"ContentType": entry.content_type, "CacheControl": entry.cache_control}
        s3.upload_file(
            str(folder / entry.file),
            entry.bucket,
            entry.key,
            ExtraArgs={name: value for name, value in headers.items() if value},
            Config=TransferConfig(multipart_chunksize=RANGE_BYTES * 8, use_threads=False),
        )
    return len(entries)


def _save(s3: "S3Client", bucket: str, key: str, size: int, path: Path) -> Saved:
    head = s3.head_object(Bucket=bucket, Key=key)
    with path.open("wb") as file:
        for start in range(0, size, RANGE_BYTES):
            last = min(start + RANGE_BYTES, size) - 1
            file.write(s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{last}")["Body"].read())
    return Saved(bucket, key, path.name, head.get("ContentType", ""), head.get("CacheControl", ""))


def _client(settings: Settings) -> "S3Client":
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
    return session.client("s3", endpoint_url=settings.engine_url)
