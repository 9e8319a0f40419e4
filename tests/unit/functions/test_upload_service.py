"""`POST /videos/upload-url` against a real S3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from functions import harness
from functions.harness import MEDIA_BUCKET, TEMP_BUCKET, Caller

if TYPE_CHECKING:
    from functions.conftest import Platform


@pytest.fixture
def small_quota(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Storage for 10,000 bytes."""
    import videos_service
    from sstech_video.settings import settings

    monkeypatch.setenv("MAX_STORED_BYTES", "10000")
    settings.cache_clear()
    videos_service.admission.cache_clear()
    yield
    settings.cache_clear()
    videos_service.admission.cache_clear()


def test_a_small_file_gets_one_url(platform: Platform) -> None:
    upload = platform.new_upload(1000)
    assert set(upload) == {"videoId", "key", "expiresIn", "uploadUrl", "headers", "multipart"}
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{20}", upload["videoId"])
    assert upload["key"] == f"uploads/{platform.owner}/{upload['videoId']}/original.mp4"
    assert (upload["expiresIn"], upload["multipart"]) == (3600, None)
    assert upload["headers"] == {"Content-Type": "video/mp4", "If-None-Match": "*"}
    query = parse_qs(urlsplit(upload["uploadUrl"]).query)
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]


def test_a_large_file_gets_a_plan(platform: Platform) -> None:
    upload = platform.new_upload(104_857_601)
    assert (upload["uploadUrl"], upload["headers"]) == (None, None)
    assert upload["multipart"] == {"partSize": 16 * 1024 * 1024, "partCount": 7}


def test_the_url_takes_the_file_once_and_in_no_other_shape(platform: Platform) -> None:
    upload = platform.new_upload(4)
    url, headers = upload["uploadUrl"], upload["headers"]

    def put(data: bytes, headers: dict[str, str]) -> int:
        return requests.put(url, data=data, headers=headers, timeout=20).status_code

    assert put(b"12345", headers) == 403
    assert put(b"1234", {**headers, "Content-Type": "text/html"}) == 403
    assert put(b"1234", {"Content-Type": "video/mp4"}) == 403
    assert requests.get(url, timeout=20).status_code == 403
    assert put(b"1234", headers) == 200
    assert put(b"4321", headers) == 412


def test_the_entry_and_the_marker_are_there_before_the_url(platform: Platform) -> None:
    upload = platform.new_upload(fileName="Férias na praia 🏖️.mp4")
    video = platform.video(upload)
    assert video == {
        "videoId": upload["videoId"],
        "title": "Férias na praia 🏖️",
        "fileName": "Férias na praia 🏖️.mp4",
        "status": "uploading",
        "progress": 0,
        "size": len(harness.MP4_START),
        "durationMs": None,
        "width": None,
        "height": None,
        "createdAt": video["createdAt"],
        "updatedAt": video["createdAt"],
        "posterUrl": None,
        "error": None,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", video["createdAt"])
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"size": 0}, (400, "invalid_request")),
        ({"size": 5_497_558_138_881}, (400, "invalid_request")),
        ({"fileName": ""}, (400, "invalid_request")),
        ({"contentType": "image/png"}, (415, "unsupported_media_type")),
        ({"contentType": None}, (400, "invalid_request")),
    ],
)
def test_bad_requests_are_refused_and_leave_nothing(
    platform: Platform, changes: dict[str, object], error: tuple[int, str]
) -> None:
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10, **changes}
    assert platform.uploader.send("POST", "/videos/upload-url", body).error == error
    assert platform.keys(MEDIA_BUCKET, f"catalog/{platform.owner}/") == []
    assert platform.keys(MEDIA_BUCKET, f"usage/{platform.owner}/") == []


def test_bodies_that_are_no_json_or_too_large_are_refused(platform: Platform) -> None:
    send = platform.uploader.send
    assert send("POST", "/videos/upload-url", raw="{").error == (400, "invalid_request")
    assert send("POST", "/videos/upload-url").error == (400, "invalid_request")
    assert send("POST", "/videos/upload-url", raw="x" * 300_000).error == (413, "body_too_large")


def test_only_id_tokens_of_our_client_get_in(platform: Platform) -> None:
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10}
    for claims in ({"token_use": "access"}, {"aud": "another"}):
        caller = Caller(platform.uploader.handler, claims=claims)
        assert caller.send("POST", "/videos/upload-url", body).error == (401, "unauthorized")


def test_unknown_routes_are_404_in_our_own_shape(platform: Platform) -> None:
    assert platform.uploader.send("POST", "/videos/other").error == (404, "not_found")
    assert platform.library.send("GET", "/nothing").error == (404, "not_found")
    assert platform.library.send("PUT", "/videos").error == (404, "not_found")


def test_too_many_open_uploads_are_refused(platform: Platform, long_ago: None) -> None:
    for _ in range(harness.MAX_OPEN_UPLOADS):
        platform.new_upload()
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10}
    before = platform.keys(TEMP_BUCKET, "pending/")
    assert platform.uploader.send("POST", "/videos/upload-url", body).error == (429, "quota_exceeded")
    assert platform.keys(TEMP_BUCKET, "pending/") == before


def test_an_upload_that_got_through_makes_room(platform: Platform, long_ago: None) -> None:
    uploads = [platform.new_upload() for _ in range(harness.MAX_OPEN_UPLOADS)]
    assert harness.put(uploads[2], harness.MP4_START).status_code == 200
    platform.arrive(uploads[2])
    platform.new_upload()


def test_a_deleted_upload_makes_room(platform: Platform) -> None:
    uploads = [platform.new_upload() for _ in range(harness.MAX_OPEN_UPLOADS)]
    assert platform.library.send("DELETE", f"/videos/{uploads[0]['videoId']}").status == 204
    platform.new_upload()


def test_quotas_are_each_owners_own(platform: Platform) -> None:
    for _ in range(harness.MAX_OPEN_UPLOADS):
        platform.new_upload()
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10}
    assert Caller(platform.uploader.handler).send("POST", "/videos/upload-url", body).status == 201


def test_storage_is_limited_and_given_back(platform: Platform, small_quota: None) -> None:
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 6000}
    first = platform.uploader.send("POST", "/videos/upload-url", body)
    assert first.status == 201
    assert platform.uploader.send("POST", "/videos/upload-url", body).error == (429, "quota_exceeded")
    assert platform.library.send("DELETE", f"/videos/{first.json['videoId']}").status == 204
    assert platform.uploader.send("POST", "/videos/upload-url", body).status == 201


def test_storage_of_earlier_months_counts(platform: Platform, small_quota: None) -> None:
    earlier = {"videos": {"7zzzzzzzzz0123456789": {"size": 9_000, "open": False}}}
    platform.s3.put_object(
        Bucket=MEDIA_BUCKET, Key=f"usage/{platform.owner}/1970-01.json", Body=json.dumps(earlier).encode()
    )
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 2_000}
    assert platform.uploader.send("POST", "/videos/upload-url", body).error == (429, "quota_exceeded")
    assert platform.uploader.send("POST", "/videos/upload-url", {**body, "size": 1_000}).status == 201


def test_uploads_that_start_at_once_are_all_counted(platform: Platform) -> None:
    from concurrent.futures import ThreadPoolExecutor

    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10}
    import videos_service
    from sstech_video import bodies, clock
    from sstech_video.errors import QuotaExceededError

    def admit(_: int) -> bool:
        try:
            videos_service.admission().admit(platform.owner, bodies.new_upload(body), clock.now())
        except QuotaExceededError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        admitted = list(pool.map(admit, range(harness.MAX_OPEN_UPLOADS + 3)))
    assert admitted.count(True) == harness.MAX_OPEN_UPLOADS
