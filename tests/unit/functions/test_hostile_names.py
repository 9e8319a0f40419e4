"""A name is data: kept as the title, never part of a key, whatever somebody types."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from functions.harness import MEDIA_BUCKET, TEMP_BUCKET

if TYPE_CHECKING:
    from functions.conftest import Platform

NAMES = [
    "Férias na praia.mp4",
    "家族旅行 二〇二六.mov",
    "رحلة العائلة.mkv",
    "𝄞🏖️👨‍👩‍👧.webm",
    "x" * 996 + ".mp4",
    "🎬" * 996 + ".mp4",
    "../../catalog/other/video.mp4",
    "..\\..\\windows\\system32.mp4",
    "/etc/passwd",
    "a/../../b.mp4",
    "%2e%2e%2f%2e%2e%2fx.mp4",
    "film.mp4/../../original.sh",
    "<script>alert(1)</script>.mp4",
    '"; DROP TABLE videos; --.mp4',
    "${jndi:ldap://x}.mp4",
    "{{7*7}}.mp4",
    "con.mp4",
    ".mp4",
    "....",
    "film.MP4.exe.mp4",
    "\u202egpj.mp4",
    "a\u0301\u0301\u0301.mp4",
    "uploads/everybody/original.mp4",
]
KEY = re.compile(r"uploads/[0-9a-f-]{36}/[0-9a-hjkmnp-tv-z]{20}/original\.[a-z0-9]{1,8}")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_and_never_becomes_part_of_a_key(platform: Platform, name: str) -> None:
    upload = platform.new_upload(fileName=name)
    assert KEY.fullmatch(upload["key"])
    video = platform.video(upload)
    assert video["fileName"] == name
    assert video["title"]
    assert video["title"] in name
    written = [
        *platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}"),
        *platform.keys(MEDIA_BUCKET, f"catalog/{platform.owner}/"),
        *platform.keys(MEDIA_BUCKET, f"usage/{platform.owner}/"),
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9/._-]+", key) for key in written)


@pytest.mark.parametrize("name", NAMES)
def test_a_title_goes_through_everything_unchanged(platform: Platform, name: str) -> None:
    upload = platform.new_upload()
    answer = platform.library.send("PATCH", f"/videos/{upload['videoId']}", {"title": name})
    assert (answer.status, answer.json["title"]) == (200, name)
    (listed,) = platform.library.send("GET", "/videos").json["videos"]
    assert listed["title"] == name


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 1001, "a\nb.mp4", "a\x00.mp4", "\x1b[2J.mp4", "\ud800.mp4", "a\u2028b.mp4", None, 7, ["a.mp4"], {}],
)
def test_what_is_no_name_is_refused(platform: Platform, name: object) -> None:
    body = {"fileName": name, "contentType": "video/mp4", "size": 10}
    answer = platform.uploader.send("POST", "/videos/upload-url", raw=json.dumps(body))
    assert answer.error == (400, "invalid_request")
    assert "fileName" in answer.json["error"]["message"]
