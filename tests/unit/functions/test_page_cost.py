"""A page of the library costs one LIST and a GET for each video on it, however many videos there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from functions.harness import MEDIA_BUCKET, NOW, some_entry
from sstech_video import keys
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from functions.conftest import Platform


@pytest.fixture
def calls(platform: Platform) -> Iterator[Counter[str]]:
    """Every call that the functions make of S3, by operation."""
    from sstech_video import aws

    counted: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        counted[model.name] += 1

    aws.s3().meta.events.register("before-call.s3", count, unique_id="counted")
    yield counted
    aws.s3().meta.events.unregister("before-call.s3", unique_id="counted")


@pytest.mark.parametrize("library_size", [5, 40, 150])
@pytest.mark.parametrize("limit", [1, 24])
def test_a_page_costs_the_same_whatever_the_librarys_size(
    platform: Platform, calls: Counter[str], library_size: int, limit: int
) -> None:
    for _ in range(library_size):
        entry = some_entry(owner=platform.owner, video_id=new_video_id(NOW))
        key = keys.catalog(entry.owner, entry.video_id)
        platform.s3.put_object(Bucket=MEDIA_BUCKET, Key=key, Body=entry.to_json())
    page = platform.library.send("GET", "/videos", query={"limit": str(limit)}).json
    shown = min(limit, library_size)
    assert len(page["videos"]) == shown
    assert calls == {"ListObjectsV2": 1, "GetObject": shown}
    calls.clear()
    if page["nextCursor"]:
        platform.library.send("GET", "/videos", query={"limit": str(limit), "cursor": page["nextCursor"]})
        assert calls["ListObjectsV2"] == 1
        assert calls["GetObject"] <= limit


def test_one_video_costs_one_get(platform: Platform, calls: Counter[str]) -> None:
    upload = platform.new_upload()
    calls.clear()
    platform.video(upload)
    assert calls == {"GetObject": 1}
