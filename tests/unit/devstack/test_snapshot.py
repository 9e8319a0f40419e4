"""A snapshot of the engine's objects is of one moment, whatever goes on while it is taken."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from engine import CREDENTIALS, running_engine

from devstack.stack.snapshot import KEPT_BUCKETS, RANGE_BYTES, SnapshotError, Snapshots

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEDIA, TEMP = KEPT_BUCKETS
ENTRY, MARKER, ORIGINAL = "catalog/owner/video.json", "pending/video", "uploads/owner/video/original.mp4"


@pytest.fixture(scope="module")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture
def s3(engine_url: str) -> Iterator[S3Client]:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    client: S3Client = boto3.client("s3", endpoint_url=engine_url, config=config, **CREDENTIALS)
    for bucket in KEPT_BUCKETS:
        client.create_bucket(Bucket=bucket)
    yield client
    empty(client)


@pytest.fixture
def snapshots(tmp_path: Path, s3: S3Client) -> Snapshots:
    return Snapshots(tmp_path, s3)


def empty(s3: S3Client) -> None:
    for bucket, key in contents(s3):
        s3.delete_object(Bucket=bucket, Key=key)


def contents(s3: S3Client) -> dict[tuple[str, str], bytes]:
    return {
        (bucket, entry["Key"]): s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        for bucket in KEPT_BUCKETS
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }


def before_each_read(s3: S3Client, act: Callable[[], None]) -> None:
    """Calls `act` whenever the snapshot is about to read an object."""

    def on_head(**_: Any) -> None:
        act()

    s3.meta.events.register("before-call.s3.HeadObject", on_head)


def files(folder: Path) -> list[bytes]:
    """What a state directory holds but for the list of it."""
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "index.json"]


def come_back(s3: S3Client, snapshots: Snapshots) -> dict[tuple[str, str], bytes]:
    """What the engine holds after it forgot everything and the snapshot was restored."""
    empty(s3)
    snapshots.restore(lambda _: None)
    return contents(s3)


def test_objects_come_back_with_their_headers(s3: S3Client, snapshots: Snapshots) -> None:
    large = b"x" * (2 * RANGE_BYTES + 1)
    s3.put_object(Bucket=MEDIA, Key="media/ção.mp4", Body=large, ContentType="video/mp4", CacheControl="max-age=60")
    s3.put_object(Bucket=TEMP, Key="empty", Body=b"")

    assert snapshots.save()

    assert come_back(s3, snapshots) == {(MEDIA, "media/ção.mp4"): large, (TEMP, "empty"): b""}
    head = s3.head_object(Bucket=MEDIA, Key="media/ção.mp4")
    assert (head["ContentType"], head["CacheControl"]) == ("video/mp4", "max-age=60")


def test_nothing_to_keep_is_no_snapshot(s3: S3Client, snapshots: Snapshots) -> None:
    assert snapshots.restore(lambda _: None) == 0
    assert snapshots.save()
    assert come_back(s3, snapshots) == {}


def test_a_conversion_that_ends_meanwhile_is_kept_as_ended(s3: S3Client, snapshots: Snapshots) -> None:
    """Entry of before and marker of after would be a video that nothing ever finishes."""
    s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"converting")
    s3.put_object(Bucket=TEMP, Key=MARKER, Body=b"since noon")
    s3.put_object(Bucket=TEMP, Key=ORIGINAL, Body=b"bytes")
    reads = iter(range(10))

    def end_after_the_first() -> None:
        if next(reads) == 1:
            s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"ready")
            s3.put_object(Bucket=MEDIA, Key="media/video.mp4", Body=b"outputs")
            s3.delete_object(Bucket=TEMP, Key=MARKER)
            s3.delete_object(Bucket=TEMP, Key=ORIGINAL)

    before_each_read(s3, end_after_the_first)

    assert snapshots.save()

    assert come_back(s3, snapshots) == {(MEDIA, ENTRY): b"ready", (MEDIA, "media/video.mp4"): b"outputs"}


def test_what_never_rests_is_kept_as_it_was_seen_last(s3: S3Client, snapshots: Snapshots) -> None:
    s3.put_object(Bucket=TEMP, Key="still", Body=b"same")
    versions = iter(range(1_000_000))
    before_each_read(s3, lambda: s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"%d" % next(versions)))

    assert not snapshots.save(still_seconds=0.5)

    back = come_back(s3, snapshots)
    assert back.keys() == {(MEDIA, ENTRY), (TEMP, "still")}
    assert int(back[MEDIA, ENTRY]) > 0


def test_a_snapshot_cut_short_leaves_the_former_one(s3: S3Client, snapshots: Snapshots, tmp_path: Path) -> None:
    s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"first")
    snapshots.save()
    s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"second")

    def pull_the_plug() -> None:
        raise KeyboardInterrupt

    before_each_read(s3, pull_the_plug)
    with pytest.raises(KeyboardInterrupt):
        snapshots.save()

    assert files(tmp_path) == [b"first"]
    assert come_back(s3, snapshots) == {(MEDIA, ENTRY): b"first"}


def test_a_snapshot_that_cannot_be_taken_says_what_to_do(s3: S3Client, snapshots: Snapshots, tmp_path: Path) -> None:
    s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"entry")

    def fill_the_disk() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before_each_read(s3, fill_the_disk)
    with pytest.raises(SnapshotError, match=r"No space left.*run the same command again"):
        snapshots.save()
    assert files(tmp_path) == []


def test_only_the_last_snapshot_takes_room(s3: S3Client, snapshots: Snapshots, tmp_path: Path) -> None:
    for body in (b"first", b"second"):
        s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=body)
        snapshots.save()
    assert files(tmp_path) == [b"second"]


def test_markers_come_back_when_what_they_speak_of_has(s3: S3Client, snapshots: Snapshots) -> None:
    for bucket, key in ((TEMP, MARKER), (TEMP, ORIGINAL), (MEDIA, ENTRY)):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    snapshots.save()
    empty(s3)
    written: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: written.append(params["url_path"]))

    snapshots.restore(lambda _: None)

    assert [path.rpartition("/")[2] for path in written] == ["video.json", "original.mp4", "video"]


def test_a_snapshot_of_an_earlier_version_is_still_read(s3: S3Client, snapshots: Snapshots, tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    folder.mkdir()
    (folder / "0").write_bytes(b"entry")
    record = {"bucket": MEDIA, "key": ENTRY, "file": "0", "content_type": "application/json", "cache_control": ""}
    (folder / "index.json").write_text(json.dumps([record]))

    assert come_back(s3, snapshots) == {(MEDIA, ENTRY): b"entry"}

    s3.put_object(Bucket=MEDIA, Key=ENTRY, Body=b"changed")
    snapshots.save()
    assert files(tmp_path) == [b"changed"]
