"""Listing, reading and renaming one's own videos."""

from __future__ import annotations

import pytest

from devstack.contract.client import Library
from devstack.contract.client_errors import ApiError

from .people import Person

UNKNOWN = "0" * 20


def open_several(library: Library, count: int) -> list[str]:
    """Opened uploads are in the library at once; answers their ids, oldest first."""
    return [library.open_upload(f"{number}.mp4", "video/mp4", 10).video_id for number in range(count)]


def test_a_new_library_is_empty(library: Library) -> None:
    assert library.call("GET", "/videos").json() == {"videos": [], "nextCursor": None}


def test_the_newest_video_comes_first(library: Library) -> None:
    ids = open_several(library, 3)
    assert [video.video_id for video in library.videos().videos] == ids[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_together_are_the_whole_library(limit: int, library: Library) -> None:
    ids = open_several(library, 5)
    assert [video.video_id for video in library.all_videos(limit)] == ids[::-1]
    page = library.videos(limit)
    assert len(page.videos) == min(limit, 5)
    assert (page.next_cursor is None) == (limit >= 5)


def test_a_page_holds_24_unless_told(library: Library) -> None:
    open_several(library, 25)
    page = library.videos()
    assert len(page.videos) == 24
    assert page.next_cursor is not None
    assert len(library.videos(cursor=page.next_cursor).videos) == 1


def test_a_video_added_meanwhile_does_not_shift_the_pages(library: Library) -> None:
    ids = open_several(library, 4)
    first = library.videos(2)
    open_several(library, 1)
    second = library.videos(2, first.next_cursor)
    assert [video.video_id for video in (*first.videos, *second.videos)] == ids[::-1]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", ""])
def test_wrong_limits_are_refused(limit: str, resident: Person) -> None:
    answer = resident.library.send("GET", "/videos", limit=limit)
    assert answer.status_code == 400
    assert "limit" in answer.json()["error"]["message"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "../../etc", "%00", "é"])
def test_foreign_cursors_are_refused(cursor: str, resident: Person) -> None:
    answer = resident.library.send("GET", "/videos", cursor=cursor)
    assert answer.status_code == 400
    assert "cursor" in answer.json()["error"]["message"]


def test_a_title_can_be_changed(library: Library) -> None:
    (video_id,) = open_several(library, 1)
    title = "Festa de São João 🎉 <script>alert(1)</script>"
    assert library.rename(video_id, title).title == title
    assert library.video(video_id).title == title
    assert library.videos().videos[0].title == title
    assert library.video(video_id).file_name == "0.mp4"


@pytest.mark.parametrize("title", ["", "   ", None, 5, ["x"], "a\u0000b", "x" * 100_000])
def test_wrong_titles_are_refused_and_the_old_one_stays(title: object, resident: Person) -> None:
    (video_id,) = open_several(resident.library, 1)
    before = resident.library.video(video_id).title
    answer = resident.library.send("PATCH", f"/videos/{video_id}", {"title": title})
    assert answer.status_code in {400, 413}
    assert resident.library.video(video_id).title == before


@pytest.mark.parametrize("video_id", [UNKNOWN, "x", "A" * 20, "u" * 20, "0" * 21, "-", "0" * 1000])
def test_an_unknown_or_malformed_id_is_404(video_id: str, resident: Person) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/retry", None),
        ("GET", "/playback", None),
        ("POST", "/parts", {"partNumbers": [1]}),
        ("GET", "/parts", None),
        ("POST", "/complete", {"parts": [{"partNumber": 1, "etag": "x"}]}),
    ):
        answer = resident.library.send(method, f"/videos/{video_id}{path}", body)
        assert answer.status_code == 404, (method, path)
        assert answer.json()["error"]["code"] == "not_found"


def test_an_open_upload_neither_plays_nor_retries(library: Library) -> None:
    (video_id,) = open_several(library, 1)
    for call in (library.playback, library.retry):
        with pytest.raises(ApiError) as caught:
            call(video_id)
        assert caught.value.status == 409
