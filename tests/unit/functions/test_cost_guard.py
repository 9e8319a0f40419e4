"""No job is made that would cost more than it may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.harness import MEDIA_BUCKET, NOW, TEMP_BUCKET, complete_event, job_event
from sstech_video.months import PATIENT_TRIES, Months
from sstech_video.spending import CostLimitError, CostLimits, Spending
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from functions.conftest import Platform

LIMITS = CostLimits(per_video=100, per_owner=150, per_stage=400)


@pytest.fixture(autouse=True)
def _nothing_is_spent(s3: S3Client) -> None:
    for item in s3.list_objects_v2(Bucket=MEDIA_BUCKET, Prefix="usage/all/").get("Contents", []):
        s3.delete_object(Bucket=MEDIA_BUCKET, Key=item["Key"])


@pytest.fixture
def spending(s3: S3Client) -> Spending:
    return Spending(Months(s3, MEDIA_BUCKET, PATIENT_TRIES), LIMITS)


@pytest.fixture
def limited(platform: Platform, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """One limit of the platform is a cent."""
    import conversion_complete
    import mediaconvert_trigger
    import reconciler
    from sstech_video.settings import settings

    caches = (settings, mediaconvert_trigger.starter, conversion_complete.outcomes, reconciler.reconciler)
    monkeypatch.setenv(request.param, "1")
    for cached in caches:
        cached.cache_clear()
    yield platform
    for cached in caches:
        cached.cache_clear()


def spent(platform: Platform, owner: str) -> dict[str, int]:
    keys = platform.keys(MEDIA_BUCKET, f"usage/{owner}/")
    found: dict[str, int] = {}
    for key in keys:
        found |= json.loads(platform.s3.get_object(Bucket=MEDIA_BUCKET, Key=key)["Body"].read())["spent"]
    return found


def book(spending: Spending, owner: str, cost: int, attempt: int = 1, video_id: str = "") -> str:
    video_id = video_id or new_video_id(NOW)
    spending.reserve(owner, video_id, attempt, cost, NOW)
    return video_id


def test_an_estimate_is_stored_with_the_entry_and_booked_twice(platform: Platform) -> None:
    upload = platform.converting()
    cost = platform.entry(upload)["costMicros"]
    assert cost > 0
    attempt = f"{upload['videoId']}-1"
    assert spent(platform, platform.owner)[attempt] == cost
    assert spent(platform, "all")[attempt] == cost
    assert "costMicros" not in platform.video(upload)


@pytest.mark.parametrize(
    "limited", ["MAX_CENTS_PER_VIDEO", "MAX_CENTS_PER_OWNER", "MAX_CENTS_PER_STAGE"], indirect=True
)
def test_a_video_that_costs_too_much_fails_with_a_reason_before_its_job(limited: Platform) -> None:
    upload = limited.uploaded()
    assert limited.arrive(upload) == []
    video = limited.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "cost_limit")
    assert "$0.01" in video["error"]["message"]
    assert limited.mediaconvert.jobs == []
    assert limited.keys(TEMP_BUCKET, upload["key"])
    assert not limited.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")
    assert spent(limited, limited.owner) == spent(limited, "all") == {}


def test_what_is_booked_twice_for_an_attempt_counts_once(spending: Spending) -> None:
    owner = str(uuid4())
    video_id = book(spending, owner, 100)
    book(spending, owner, 100, video_id=video_id)
    book(spending, owner, 50)
    with pytest.raises(CostLimitError, match=r"more than is left of the \$0.01 you may spend in a month"):
        book(spending, owner, 1)


def test_another_month_has_its_own_limit(spending: Spending) -> None:
    owner = str(uuid4())
    book(spending, owner, 100)
    spending.reserve(owner, new_video_id(NOW), 1, 100, NOW + timedelta(days=31))


def test_a_limit_of_all_stops_each_and_books_nothing(spending: Spending) -> None:
    for _ in range(4):
        book(spending, str(uuid4()), 100)
    owner = str(uuid4())
    with pytest.raises(CostLimitError, match="everybody may spend"):
        book(spending, owner, 1)
    assert spending.months.read(f"usage/{owner}/{NOW:%Y-%m}.json").spent == {}


def test_bookings_at_the_same_time_never_exceed_a_limit(spending: Spending) -> None:
    owner = str(uuid4())

    def try_to_book(_: int) -> bool:
        try:
            book(spending, owner, 30)
        except CostLimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(try_to_book, range(12))).count(True) == 5


def test_giving_back_twice_gives_back_once(spending: Spending) -> None:
    owner = str(uuid4())
    first = book(spending, owner, 100)
    book(spending, owner, 50)
    for _ in range(2):
        spending.refund(owner, first, 1, NOW)
    book(spending, owner, 100)
    with pytest.raises(CostLimitError):
        book(spending, owner, 1)


def test_a_failed_job_gives_its_cost_back_and_a_retry_books_its_own(platform: Platform) -> None:
    upload = platform.converting()
    platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1999))
    assert spent(platform, platform.owner) == spent(platform, "all") == {}
    assert platform.library.send("POST", f"/videos/{upload['videoId']}/retry").status == 202
    assert platform.arrive(upload) == []
    assert list(spent(platform, platform.owner)) == [f"{upload['videoId']}-2"]


def test_a_job_that_mediaconvert_refuses_gives_its_cost_back(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.refusals["CreateJob"] = (400, "BadRequestException")
    assert platform.arrive(upload) == []
    assert spent(platform, platform.owner) == {}


@pytest.mark.parametrize("end", ["CANCELED", "COMPLETE", "deleted"])
def test_what_was_converted_stays_paid(platform: Platform, end: str) -> None:
    upload = platform.converting()
    job: dict[str, Any] = platform.job(upload)
    platform.publish(upload)
    platform.happen(job_event(job, "CANCELED") if end == "CANCELED" else complete_event(job))
    if end == "deleted":
        assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
    assert list(spent(platform, platform.owner)) == [f"{upload['videoId']}-1"]


def test_nobody_is_called_like_the_stages_own_document() -> None:
    from sstech_video import keys

    assert not keys.is_owner(keys.EVERYBODY)
