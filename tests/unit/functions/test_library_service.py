"""Reading, naming, playing and pages, against a real S3."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest

from functions import harness
from functions.harness import SITE_URL, some_entry
from sstech_video import keys
from sstech_video.entries import Status
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from functions.conftest import Platform

ROUTES = [
    ("GET", "", None),
    ("PATCH", "", {"title": "x"}),
    ("DELETE", "", None),
    ("GET", "/playback", None),
    ("GET", "/parts", None),
    ("POST", "/parts", {"partNumbers": [1]}),
    ("POST", "/complete", {"parts": [{"partNumber": 1, "etag": "a"}]}),
    ("POST", "/retry", None),
]


@pytest.mark.parametrize(("method", "route", "body"), ROUTES)
def test_the_video_of_another_is_as_absent_as_one_that_never_was(
    platform: Platform, method: str, route: str, body: object
) -> None:
    upload = platform.new_upload(104_857_601)
    stranger = platform.stranger()
    theirs = stranger.send(method, f"/videos/{upload['videoId']}{route}", body)
    absent = stranger.send(method, f"/videos/{'0' * 20}{route}", body)
    assert theirs.error == absent.error == (404, "not_found")
    assert theirs.json == absent.json
    assert platform.video(upload)["status"] == "uploading"


@pytest.mark.parametrize(("method", "route", "body"), ROUTES)
@pytest.mark.parametrize("video_id", ["x", "0" * 21, "I" * 20, "..", "%2e%2e", "0" * 20 + ".json", "0000 0000"])
def test_a_malformed_id_is_404(platform: Platform, video_id: str, method: str, route: str, body: object) -> None:
    assert platform.library.send(method, f"/videos/{video_id}{route}", body).error == (404, "not_found")


@pytest.mark.parametrize(("method", "route", "body"), ROUTES)
def test_an_access_token_is_refused_everywhere(platform: Platform, method: str, route: str, body: object) -> None:
    caller = harness.Caller(platform.library.handler, platform.owner, {"token_use": "access"})
    assert caller.send(method, f"/videos/{'0' * 20}{route}", body).error == (401, "unauthorized")


def test_answers_are_not_to_be_stored_by_caches(platform: Platform) -> None:
    assert platform.library.send("GET", "/videos").headers["Cache-Control"] == ["no-store"]


def test_pages_go_from_newest_to_oldest_and_miss_nothing(platform: Platform) -> None:
    video_ids = [platform.new_upload()["videoId"] for _ in range(5)]
    seen: list[list[str]] = []
    cursor = None
    for _ in range(3):
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = platform.library.send("GET", "/videos", query=query).json
        seen.append([video["videoId"] for video in page["videos"]])
        cursor = page["nextCursor"]
    assert [len(ids) for ids in seen] == [2, 2, 1]
    assert cursor is None
    assert [video_id for page in seen for video_id in page] == sorted(video_ids)


def test_a_full_last_page_has_no_next_one(platform: Platform) -> None:
    for _ in range(2):
        platform.new_upload()
    page = platform.library.send("GET", "/videos", query={"limit": "2"}).json
    assert (len(page["videos"]), page["nextCursor"]) == (2, None)


def test_a_new_owner_has_an_empty_library(platform: Platform) -> None:
    assert platform.library.send("GET", "/videos").json == {"videos": [], "nextCursor": None}


def test_an_unreadable_entry_does_not_hide_the_others(platform: Platform) -> None:
    upload = platform.new_upload()
    broken = keys.catalog(platform.owner, "0" * 20)
    platform.s3.put_object(Bucket=harness.MEDIA_BUCKET, Key=broken, Body=b"{}")
    videos = platform.library.send("GET", "/videos").json["videos"]
    assert [video["videoId"] for video in videos] == [upload["videoId"]]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": ""}, {"cursor": "!"}, {"cursor": "AAAA"}]
)
def test_bad_pages_are_refused(platform: Platform, query: dict[str, str]) -> None:
    assert platform.library.send("GET", "/videos", query=query).error == (400, "invalid_request")


def test_a_title_can_be_changed_and_nothing_else(platform: Platform) -> None:
    upload = platform.new_upload()
    before = platform.video(upload)
    answer = platform.library.send(
        "PATCH", f"/videos/{upload['videoId']}", {"title": " São João 🎉 ", "status": "ready", "size": 1}
    )
    assert answer.status == 200
    after = platform.video(upload)
    assert answer.json == after
    assert after["title"] == "São João 🎉"
    assert {k: v for k, v in after.items() if k not in ("title", "updatedAt")} == {
        k: v for k, v in before.items() if k not in ("title", "updatedAt")
    }


def test_a_bad_title_changes_nothing(platform: Platform) -> None:
    upload = platform.new_upload()
    path = f"/videos/{upload['videoId']}"
    assert platform.library.send("PATCH", path, {"title": " "}).error == (400, "invalid_request")
    assert platform.library.send("PATCH", path, raw="{").error == (400, "invalid_request")
    assert platform.video(upload)["title"] == "Férias na praia"


def test_titles_changed_at_the_same_time_as_the_state_lose_neither(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.before_answer = lambda _: _rename(platform, upload["videoId"])
    platform.arrive(upload)
    video = platform.video(upload)
    assert (video["title"], video["status"]) == ("meanwhile", "converting")
    assert platform.entry(upload)["jobId"]


def _rename(platform: Platform, video_id: str) -> None:
    import videos_library
    from sstech_video import transitions

    videos_library.catalog().update(
        platform.owner, video_id, lambda entry: transitions.renamed(entry, "meanwhile", harness.NOW)
    )


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.READY])
def test_only_a_ready_video_plays(platform: Platform, status: Status) -> None:
    entry = some_entry(owner=platform.owner, video_id=new_video_id(harness.NOW), status=status)
    key = keys.catalog(entry.owner, entry.video_id)
    platform.s3.put_object(Bucket=harness.MEDIA_BUCKET, Key=key, Body=entry.to_json())
    answer = platform.library.send("GET", f"/videos/{entry.video_id}/playback")
    assert answer.error == (409, "wrong_state")


def test_playback_hands_out_urls_and_cookies_for_one_video(platform: Platform) -> None:
    upload = platform.ready()
    answer = platform.library.send("GET", f"/videos/{upload['videoId']}/playback")
    folder = f"/media/{platform.owner}/{upload['videoId']}/"
    assert set(answer.json) == {"mp4Url", "hlsUrl", "posterUrl", "thumbnailsUrl", "expiresAt"}
    assert answer.json["mp4Url"] == f"{SITE_URL}{folder}1/video.mp4"
    cookies = SimpleCookie()
    for header in answer.headers["Set-Cookie"]:
        cookies.load(header)
    assert set(cookies) == {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}
    for cookie in cookies.values():
        assert cookie["path"] == folder
        assert cookie["httponly"]
        assert cookie["secure"]
        assert cookie["samesite"] == "Strict"
        assert int(cookie["max-age"]) > 0


def test_the_api_shows_nothing_internal(platform: Platform) -> None:
    video = platform.video(platform.ready())
    assert set(video) == {
        "videoId",
        "title",
        "fileName",
        "status",
        "progress",
        "size",
        "durationMs",
        "width",
        "height",
        "createdAt",
        "updatedAt",
        "posterUrl",
        "error",
    }


def test_an_unexpected_failure_says_nothing_of_its_cause(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    import videos_library

    def burst(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(videos_library.library().catalog, "page", burst)
    answer = platform.library.send("GET", "/videos")
    assert answer.error == (500, "internal_error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
