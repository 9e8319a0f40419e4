from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.harness import MEDIA_BUCKET, NOW
from sstech_video import months, usage
from sstech_video.catalog import Catalog
from sstech_video.errors import QuotaExceededError
from sstech_video.months import Item, Month
from sstech_video.usage import Quotas, Usage
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUOTAS = Quotas(max_open_uploads=2, max_stored_bytes=1000)
ITEMS = st.builds(Item, size=st.integers(1, 400), open=st.booleans())


@pytest.fixture
def ledger(s3: S3Client) -> Usage:
    return Usage(s3, MEDIA_BUCKET, Catalog(s3, MEDIA_BUCKET), QUOTAS)


@given(st.lists(ITEMS, max_size=6), st.integers(1, 400))
def test_an_upload_is_let_in_only_within_both_quotas(items: list[Item], size: int) -> None:
    known = {new_video_id(NOW - timedelta(minutes=n)): item for n, item in enumerate(items)}
    refused = usage.refusal(known, size, QUOTAS, NOW)
    fits = sum(item.open for item in items) < 2 and sum(item.size for item in items) + size <= 1000
    assert (refused is None) == fits


@given(st.lists(ITEMS, max_size=6), st.dictionaries(st.text("0a-", min_size=1), st.integers(0, 10**9), max_size=3))
def test_a_month_survives_the_way_through_json(items: list[Item], spent: dict[str, int]) -> None:
    month = Month({new_video_id(NOW): item for item in items}, spent)
    assert months.from_json(months.to_json(month)) == month


def test_an_abandoned_upload_is_not_open_for_ever() -> None:
    old = {new_video_id(NOW - usage.OPEN_FOR): Item(1, open=True)}
    assert usage.open_uploads(old, NOW) == []
    assert usage.open_uploads(old, NOW - timedelta(seconds=1)) == list(old)


def test_reservations_that_led_to_no_video_are_forgotten(ledger: Usage) -> None:
    owner = str(uuid4())
    for minutes in (5, 6):
        moment = NOW - timedelta(minutes=minutes)
        ledger.reserve(owner, new_video_id(moment), 500, moment)
    ledger.reserve(owner, new_video_id(NOW), 1000, NOW)


def test_a_reservation_under_way_is_not_taken_for_a_lost_one(ledger: Usage) -> None:
    owner = str(uuid4())
    for seconds in (1, 2):
        moment = NOW - timedelta(seconds=seconds)
        ledger.reserve(owner, new_video_id(moment), 1, moment)
    with pytest.raises(QuotaExceededError, match="2 uploads are open"):
        ledger.reserve(owner, new_video_id(NOW), 1, NOW)


def test_releasing_twice_gives_back_once(ledger: Usage) -> None:
    owner, first, second = str(uuid4()), new_video_id(NOW), new_video_id(NOW)
    ledger.reserve(owner, first, 600, NOW)
    ledger.reserve(owner, second, 400, NOW)
    ledger.release(owner, first)
    ledger.release(owner, first)
    with pytest.raises(QuotaExceededError, match="1000 bytes"):
        ledger.reserve(owner, new_video_id(NOW), 601, NOW)
    ledger.reserve(owner, new_video_id(NOW), 600, NOW)


def test_releasing_what_was_never_reserved_is_nothing(ledger: Usage) -> None:
    ledger.release(str(uuid4()), new_video_id(NOW))
