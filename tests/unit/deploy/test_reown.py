"""Videos follow their owner to a new account, also when the move was interrupted."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from deploy_harness import Emulated
from mypy_boto3_s3 import S3Client

from devstack.owner import reown as module
from devstack.owner.reown import ReownError, reown
from sstech_video import keys, video_ids
from sstech_video.entries import Entry, Status
from sstech_video.months import Item, Month, Months
from sstech_video.usage import month_of

OLD, NEW = "11111111-aaaa", "22222222-bbbb"
BUCKET = "moving-house"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def s3(emulated: Emulated) -> S3Client:
    client = emulated.account.s3
    client.create_bucket(Bucket=BUCKET)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
    return client


def store(s3: S3Client, status: Status = Status.READY) -> str:
    video_id = video_ids.new_video_id(NOW)
    entry = Entry(
        owner=OLD,
        video_id=video_id,
        title="Férias",
        file_name="ferias.mov",
        status=status,
        size=7,
        created_at=NOW,
        updated_at=NOW,
        key=keys.original(OLD, video_id, "mov"),
        attempt=1,
    )
    s3.put_object(Bucket=BUCKET, Key=keys.catalog(OLD, video_id), Body=entry.to_json())
    s3.put_object(
        Bucket=BUCKET,
        Key=keys.attempt(OLD, video_id, 1) + keys.MP4_NAME,
        Body=b"video",
        ContentType="video/mp4",
        CacheControl="private",
    )
    Months(s3, BUCKET).update(
        keys.usage(OLD, month_of(video_id)), lambda known: Month({**known.videos, video_id: Item(7, open=False)})
    )
    return video_id


def test_a_ready_video_moves_with_its_files_and_its_place_in_the_quota(s3: S3Client) -> None:
    video_id = store(s3)

    assert reown(s3, BUCKET, OLD, NEW).moved == (video_id,)

    entry = Entry.from_json(s3.get_object(Bucket=BUCKET, Key=keys.catalog(NEW, video_id))["Body"].read())
    assert (entry.owner, entry.title, entry.status) == (NEW, "Férias", Status.READY)
    video = s3.get_object(Bucket=BUCKET, Key=keys.attempt(NEW, video_id, 1) + keys.MP4_NAME)
    assert (video["Body"].read(), video["ContentType"], video["CacheControl"]) == (b"video", "video/mp4", "private")
    left = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if f"/{OLD}/" in item["Key"]]
    assert left == [keys.usage(OLD, month_of(video_id))]
    months = Months(s3, BUCKET)
    assert months.read(keys.usage(NEW, month_of(video_id))).videos == {video_id: Item(7, open=False)}
    assert months.read(left[0]).videos == {}


def test_a_video_that_is_not_ready_stays_and_is_named(s3: S3Client) -> None:
    video_id = store(s3, Status.CONVERTING)

    result = reown(s3, BUCKET, OLD, NEW)

    assert (result.moved, result.unfinished) == ((), (video_id,))
    assert s3.head_object(Bucket=BUCKET, Key=keys.catalog(OLD, video_id))


def test_an_interrupted_move_is_finished_by_the_same_command(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = store(s3)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_move_usage", interrupt)
    with pytest.raises(KeyboardInterrupt):
        reown(s3, BUCKET, OLD, NEW)
    monkeypatch.undo()

    assert reown(s3, BUCKET, OLD, NEW).moved == (video_id,)
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=BUCKET, Key=keys.catalog(OLD, video_id))


@pytest.mark.parametrize(("old", "new"), [(OLD, OLD), ("../x", NEW), (OLD, ""), ("all", NEW)])
def test_only_two_different_account_ids_will_do(s3: S3Client, old: str, new: str) -> None:
    with pytest.raises(ReownError):
        reown(s3, BUCKET, old, new)
