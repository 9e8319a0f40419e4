"""POST /videos/upload-url: what is accepted, what is refused, and what the answer is good for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from devstack.contract.answers import Upload
from devstack.contract.client import Library

from .people import Person, publish
from .store import Store

VIDEO_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{20}")
LARGEST_PUT = 104_857_600
LARGEST_FILE = 5_497_558_138_880
MOST_OPEN_UPLOADS = 1000
"""No deployment should let one person open more."""
GOOD = {"fileName": "a.mp4", "contentType": "video/mp4", "size": 1000}


def test_a_small_file_gets_one_put_for_an_hour(resident: Person) -> None:
    answer = resident.library.call("POST", "/videos/upload-url", GOOD)
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"videoId", "key", "expiresIn", "uploadUrl", "headers", "multipart"}
    assert body["multipart"] is None
    assert body["expiresIn"] == 3600
    assert body["headers"]["Content-Type"] == "video/mp4"
    assert VIDEO_ID.fullmatch(body["videoId"])
    assert body["key"] == f"uploads/{resident.library.owner}/{body['videoId']}/original.mp4"
    query = parse_qs(urlsplit(body["uploadUrl"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(query["X-Amz-Expires"][0]) <= 3600


@pytest.mark.parametrize(("size", "in_parts"), [(1, False), (LARGEST_PUT, False), (LARGEST_PUT + 1, True)])
def test_the_size_decides_between_one_put_and_parts(size: int, in_parts: bool, resident: Person) -> None:
    upload = resident.library.open_upload("a.mp4", "video/mp4", size)
    assert (upload.multipart is not None) == in_parts
    assert (upload.url is None) == in_parts


@pytest.mark.parametrize("size", [LARGEST_PUT + 1, 50_000_000_000, LARGEST_FILE])
def test_the_plan_of_parts_is_one_that_s3_takes(size: int, resident: Person) -> None:
    plan = resident.library.open_upload("a.mp4", "video/mp4", size).multipart
    assert plan is not None
    assert 5 * 1024**2 <= plan.part_size <= 5 * 1024**3
    assert 2 <= plan.part_count <= 10_000
    assert (plan.part_count - 1) * plan.part_size < size <= plan.part_count * plan.part_size


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.MP4", "mp4"),
        ("a.b.mkv", "mkv"),
        ("no-ending", "bin"),
        ("a.verylongending", "bin"),
        ("a.mp4/../../x", "bin"),
        ("a.", "bin"),
        ("a.m p4", "bin"),
    ],
)
def test_the_key_takes_nothing_from_the_name_but_a_plain_ending(name: str, ending: str, resident: Person) -> None:
    upload = resident.library.open_upload(name, "video/mp4", 10)
    assert upload.key == f"uploads/{resident.library.owner}/{upload.video_id}/original.{ending}"


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"size": 0}, 400, "size"),
        ({"size": -1}, 400, "size"),
        ({"size": LARGEST_FILE + 1}, 400, "size"),
        ({"size": "1000"}, 400, "size"),
        ({"size": 1.5}, 400, "size"),
        ({"size": True}, 400, "size"),
        ({"size": None}, 400, "size"),
        ({"fileName": ""}, 400, "fileName"),
        ({"fileName": None}, 400, "fileName"),
        ({"fileName": 7}, 400, "fileName"),
        ({"fileName": ["a.mp4"]}, 400, "fileName"),
        ({"contentType": None}, 400, "contentType"),
        ({"contentType": 5}, 400, "contentType"),
        ({"contentType": "text/html"}, 415, "contentType"),
        ({"contentType": "application/octet-stream"}, 415, "contentType"),
        ({"contentType": "image/png"}, 415, "contentType"),
        ({"contentType": "video/mp4\r\nX-Evil: 1"}, 415, "contentType"),
        ({"contentType": "video"}, 415, "contentType"),
    ],
)
def test_wrong_requests_are_refused_and_the_field_is_named(
    change: dict[str, object], status: int, named: str, resident: Person
) -> None:
    answer = resident.library.send("POST", "/videos/upload-url", {**GOOD, **change})
    assert answer.status_code == status
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize("missing", GOOD)
def test_a_missing_field_is_named(missing: str, resident: Person) -> None:
    body = {name: value for name, value in GOOD.items() if name != missing}
    answer = resident.library.send("POST", "/videos/upload-url", body)
    assert answer.status_code == 400
    assert missing in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(body: object, resident: Person) -> None:
    answer = resident.library.send("POST", "/videos/upload-url", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


def test_unknown_fields_are_ignored(resident: Person) -> None:
    assert resident.library.send("POST", "/videos/upload-url", {**GOOD, "owner": "root"}).status_code == 201


@pytest.mark.parametrize("content_type", ["video/x-matroska", "application/mxf", "video/mp4; codecs=avc1"])
def test_video_types_are_taken(content_type: str, resident: Person) -> None:
    assert resident.library.open_upload("a", content_type, 10).url


def test_an_open_upload_is_in_the_library(person: Person) -> None:
    upload = person.library.open_upload("a.mp4", "video/mp4", 1234)
    video = person.library.video(upload.video_id)
    assert (video.status, video.progress, video.size, video.file_name) == ("uploading", 0, 1234, "a.mp4")
    assert (video.duration_ms, video.width, video.poster_url, video.error) == (None, None, None, None)


def test_too_many_open_uploads_are_refused_until_one_is_given_up(person: Person) -> None:
    opened: list[str] = []
    answer = person.library.send("POST", "/videos/upload-url", GOOD)
    while answer.status_code == 201 and len(opened) < MOST_OPEN_UPLOADS:
        opened.append(answer.json()["videoId"])
        answer = person.library.send("POST", "/videos/upload-url", GOOD)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "quota_exceeded"
    person.library.delete(opened[0])
    assert person.library.send("POST", "/videos/upload-url", GOOD).status_code == 201


def _put(upload: Upload, body: bytes, **headers: str) -> requests.Response:
    assert upload.url is not None
    return requests.put(upload.url, data=body, headers={**upload.headers, **headers}, timeout=30)


def test_a_second_put_on_the_same_address_is_refused(
    resident: Person, clip: Callable[[str], Path], store: Store
) -> None:
    body = clip("corrupt").read_bytes()
    upload = resident.library.open_upload("a.mp4", "video/mp4", len(body))
    assert _put(upload, body).status_code == 200
    assert _put(upload, bytes(len(body))).status_code == 412
    assert store.s3.get_object(Bucket=store.temp, Key=upload.key)["Body"].read() == body


@pytest.mark.parametrize("length", [9, 11])
def test_another_length_than_the_announced_one_is_refused(length: int, resident: Person, store: Store) -> None:
    upload = resident.library.open_upload("a.mp4", "video/mp4", 10)
    assert _put(upload, bytes(length)).status_code == 403
    assert not store.has_original(upload)


def test_another_content_type_than_the_announced_one_is_refused(resident: Person, store: Store) -> None:
    upload = resident.library.open_upload("a.mp4", "video/mp4", 10)
    assert _put(upload, bytes(10), **{"Content-Type": "text/html"}).status_code == 403
    assert not store.has_original(upload)


def test_the_address_is_good_for_nothing_but_the_put(resident: Person) -> None:
    upload = resident.library.open_upload("a.mp4", "video/mp4", 10)
    assert upload.url is not None
    assert requests.get(upload.url, timeout=30).status_code == 403
    assert requests.delete(upload.url, timeout=30).status_code == 403
    elsewhere = upload.url.replace(upload.video_id, "0" * 20)
    assert requests.put(elsewhere, data=bytes(10), headers=dict(upload.headers), timeout=30).status_code == 403


@pytest.mark.parametrize(
    "name", ["Aniversário da vovó 🎂.mp4", "São João — quadrilha & fogueira (2024).mp4", "100% ação+emoção.mp4"]
)
def test_names_with_accents_and_emoji_are_kept(
    name: str, library: Library, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    source = tmp_path / name
    source.write_bytes(clip("mp4-h264-aac").read_bytes())
    _, video = publish(library, source)
    assert video.file_name == name
    assert video.title in {name, Path(name).stem}
    (listed,) = library.videos().videos
    assert listed.title == video.title
