from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video import keys, video_ids

MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS)
def test_an_id_has_the_form_of_the_contract_and_tells_its_time(moment: datetime) -> None:
    video_id = video_ids.new_video_id(moment)
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{20}", video_id)
    assert moment - video_ids.created_at(video_id) < timedelta(milliseconds=1)


@given(MOMENTS, st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=9999)))
def test_a_later_id_sorts_first(moment: datetime, later: timedelta) -> None:
    assert video_ids.new_video_id(moment + later) < video_ids.new_video_id(moment)


def test_ids_of_one_moment_differ() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({video_ids.new_video_id(moment) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "x", "i" * 20, "0" * 19, "0" * 21, "0" * 20 + "\n", "A" * 20, "../" + "0" * 17])
def test_other_text_is_no_id(text: str) -> None:
    assert not video_ids.is_video_id(text)


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("film.mp4", "mp4"),
        ("FILM.MOV", "mov"),
        ("a.tar.gz", "gz"),
        ("film", "bin"),
        ("film.", "bin"),
        ("film.mp4 ", "bin"),
        ("film.ção", "bin"),
        ("film.toolongext", "bin"),
        ("../../etc/passwd", "bin"),
        ("film.m/4", "bin"),
        (".mkv", "mkv"),
    ],
)
def test_only_a_plain_extension_becomes_part_of_a_key(file_name: str, expected: str) -> None:
    assert keys.extension(file_name) == expected


def test_the_key_of_an_original_can_be_read_back() -> None:
    key = keys.original("owner-1", "0" * 20, "mp4")
    assert keys.parse_original(key) == keys.Original("owner-1", "0" * 20, key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "uploads/owner-1/00000000000000000000/original",
        "uploads/owner-1/00000000000000000000/original.mp4/x",
        "uploads/owner-1/00000000000000000000/other.mp4",
        "uploads/owner-1/short/original.mp4",
        "uploads/../00000000000000000000/original.mp4",
        "pending/00000000000000000000",
        "other/owner-1/00000000000000000000/original.mp4",
    ],
)
def test_foreign_keys_are_not_originals(key: str) -> None:
    assert keys.parse_original(key) is None
