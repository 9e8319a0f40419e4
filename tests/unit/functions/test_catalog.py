"""Conditional writes: many writers, one truth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from functions.harness import MEDIA_BUCKET, some_entry
from sstech_video import catalog as catalog_module
from sstech_video import keys
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry
from sstech_video.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def catalog(s3: S3Client) -> Catalog:
    return Catalog(s3, MEDIA_BUCKET)


@pytest.fixture
def entry(catalog: Catalog) -> Entry:
    entry = some_entry(owner=str(uuid4()))
    catalog.create(entry)
    return entry


def longer(entry: Entry) -> Entry:
    return replace(entry, progress=entry.progress + 1)


def test_writers_at_the_same_time_lose_nothing(catalog: Catalog, entry: Entry) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(catalog.update, entry.owner, entry.video_id, longer) for _ in range(12)]:
            done.result()
    assert catalog.read(entry.owner, entry.video_id) == replace(entry, progress=12)


def test_an_id_is_taken_once(catalog: Catalog, entry: Entry) -> None:
    with pytest.raises(ClientError, match="PreconditionFailed"):
        catalog.create(replace(entry, title="another"))
    assert catalog.read(entry.owner, entry.video_id) == entry


def test_a_change_that_changes_nothing_writes_nothing(catalog: Catalog, entry: Entry, s3: S3Client) -> None:
    key = keys.catalog(entry.owner, entry.video_id)
    before = s3.head_object(Bucket=MEDIA_BUCKET, Key=key)["LastModified"]
    assert catalog.update(entry.owner, entry.video_id, lambda known: known) == entry
    assert s3.head_object(Bucket=MEDIA_BUCKET, Key=key)["LastModified"] == before


def test_what_is_gone_cannot_be_changed(catalog: Catalog, entry: Entry) -> None:
    def remove_first(known: Entry) -> Entry:
        catalog.remove(entry.owner, entry.video_id)
        return longer(known)

    assert catalog.update(entry.owner, entry.video_id, remove_first) is None
    assert catalog.read(entry.owner, entry.video_id) is None
    assert catalog.update(entry.owner, entry.video_id, longer) is None


def test_a_writer_who_never_wins_says_so(catalog: Catalog, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "pause", lambda _: None)
    rival = Catalog(catalog._s3, MEDIA_BUCKET)
    titles = iter(range(1000))

    def overtaken(known: Entry) -> Entry:
        rival.update(entry.owner, entry.video_id, lambda newest: replace(newest, title=str(next(titles))))
        return longer(known)

    with pytest.raises(UnavailableError):
        catalog.update(entry.owner, entry.video_id, overtaken)


def test_a_page_skips_what_is_no_entry(catalog: Catalog, entry: Entry, s3: S3Client) -> None:
    s3.put_object(Bucket=MEDIA_BUCKET, Key=keys.catalog_of(entry.owner) + "readme.txt", Body=b"x")
    page = catalog.page(entry.owner, 10, None)
    assert (page.entries, page.last) == ((entry,), None)


def test_pauses_grow_and_stay_short(monkeypatch: pytest.MonkeyPatch) -> None:
    longest: list[float] = []
    monkeypatch.setattr(catalog_module.random, "uniform", lambda _, most: longest.append(most) or 0)
    for tried in range(catalog_module.MAX_TRIES):
        catalog_module.pause(tried)
    assert longest == sorted(longest)
    assert longest[0] < longest[-1] == catalog_module.LONGEST_PAUSE_SECONDS
