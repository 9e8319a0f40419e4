"""Optional checksums: declared at the start, then for everything; S3 checks the bytes against them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import requests

from functions.harness import TEMP_BUCKET
from sstech_video import uploads
from sstech_video.checksums import Algorithm, is_checksum
from sstech_video.uploads import MIB

if TYPE_CHECKING:
    from functions.conftest import Platform

BODIES = (b"\x01" * 5 * MIB, b"\x02" * 100)
SIZE = sum(map(len, BODIES))
ALGORITHMS = ["CRC32", "SHA256"]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", 1 * MIB)
    monkeypatch.setattr(uploads, "PREFERRED_PART_BYTES", 5 * MIB)


def checksum(data: bytes, algorithm: str) -> str:
    value = zlib.crc32(data).to_bytes(4, "big") if algorithm == "CRC32" else hashlib.sha256(data).digest()
    return base64.b64encode(value).decode()


class CheckedUpload:
    def __init__(self, platform: Platform, algorithm: str) -> None:
        self.algorithm = algorithm
        self.platform = platform
        self.upload = platform.new_upload(SIZE, checksumAlgorithm=algorithm)

    def call(self, method: str, route: str, body: object = None) -> Any:
        return self.platform.library.send(method, f"/videos/{self.upload['videoId']}/{route}", body)

    def send(self, number: int, data: bytes) -> requests.Response:
        value = checksum(BODIES[number - 1], self.algorithm)
        answer = self.call("POST", "parts", {"partNumbers": [number], "checksums": [value]})
        assert answer.status == 200, answer.text
        (part,) = answer.json["parts"]
        assert part["headers"] == {f"x-amz-checksum-{self.algorithm.lower()}": value}
        return requests.put(part["url"], data=data, headers=part["headers"], timeout=20)

    def send_all(self) -> list[dict[str, Any]]:
        parts = []
        for number, data in enumerate(BODIES, 1):
            answer = self.send(number, data)
            assert answer.status_code == 200, answer.text
            value = checksum(data, self.algorithm)
            parts.append({"partNumber": number, "etag": answer.headers["ETag"], "checksum": value})
        return parts


@pytest.fixture(params=ALGORITHMS)
def checked(platform: Platform, small_parts: None, request: pytest.FixtureRequest) -> CheckedUpload:
    return CheckedUpload(platform, request.param)


def test_parts_with_checksums_make_the_file(checked: CheckedUpload) -> None:
    assert checked.upload["multipart"]["checksumAlgorithm"] == checked.algorithm
    told = checked.platform.library.send("GET", f"/videos/{checked.upload['videoId']}/parts").json
    assert told["checksumAlgorithm"] == checked.algorithm
    parts = checked.send_all()
    held = checked.call("GET", "parts").json["parts"]
    assert [part["checksum"] for part in held] == [part["checksum"] for part in parts]
    answer = checked.call("POST", "complete", {"parts": parts})
    assert (answer.status, answer.json["status"]) == (200, "uploaded")
    head = checked.platform.s3.head_object(Bucket=TEMP_BUCKET, Key=checked.upload["key"], ChecksumMode="ENABLED")
    assert head[f"Checksum{checked.algorithm}"].endswith("-2")  # type: ignore[literal-required]


def test_bytes_that_changed_on_the_way_are_refused_by_s3(checked: CheckedUpload) -> None:
    assert checked.send(2, b"\x03" * 100).status_code == 400
    assert checked.call("GET", "parts").json["parts"] == []


def test_a_url_with_a_checksum_is_of_no_use_without_it(checked: CheckedUpload) -> None:
    answer = checked.call("POST", "parts", {"partNumbers": [2], "checksums": [checksum(BODIES[1], checked.algorithm)]})
    assert requests.put(answer.json["parts"][0]["url"], data=BODIES[1], timeout=20).status_code == 403


@pytest.mark.parametrize(
    "checksums",
    [None, [], ["AAAAAA=="] * 2, ["?"], [1], ["AAAAAAA="]],
    ids=["none", "too few", "too many", "no base64", "a number", "another length"],
)
def test_every_part_of_a_checked_upload_needs_its_checksum(
    platform: Platform, small_parts: None, checksums: object
) -> None:
    checked = CheckedUpload(platform, "CRC32")
    answer = checked.call("POST", "parts", {"partNumbers": [1], "checksums": checksums})
    assert answer.error == (400, "invalid_request")


def test_completing_needs_the_checksum_of_every_part(checked: CheckedUpload) -> None:
    parts = checked.send_all()
    without = [parts[0], {**parts[1], "checksum": None}]
    wrong = [parts[0], {**parts[1], "checksum": checksum(b"other", checked.algorithm)}]
    for body in (without, wrong):
        assert checked.call("POST", "complete", {"parts": body}).error == (400, "invalid_request")
    assert checked.call("POST", "complete", {"parts": parts}).status == 200


def test_checksums_that_were_not_declared_are_refused(platform: Platform, small_parts: None) -> None:
    upload = platform.new_upload(SIZE)
    path = f"/videos/{upload['videoId']}"
    send = platform.library.send
    body = {"partNumbers": [1], "checksums": ["AAAAAA=="]}
    assert send("POST", f"{path}/parts", body).error == (400, "invalid_request")
    parts = [{"partNumber": 1, "etag": "a", "checksum": "AAAAAA=="}]
    assert send("POST", f"{path}/complete", {"parts": parts}).error == (400, "invalid_request")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_put_carries_the_checksum_of_the_file(platform: Platform, algorithm: str) -> None:
    data = b"film"
    upload = platform.new_upload(4, checksumAlgorithm=algorithm, checksum=checksum(data, algorithm))
    name = f"x-amz-checksum-{algorithm.lower()}"
    assert upload["headers"][name] == checksum(data, algorithm)

    def put(data: bytes, headers: dict[str, str]) -> int:
        return requests.put(upload["uploadUrl"], data=data, headers=headers, timeout=20).status_code

    assert put(b"flim", upload["headers"]) == 400
    assert put(data, {key: value for key, value in upload["headers"].items() if key != name}) == 403
    assert put(data, upload["headers"]) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"checksumAlgorithm": "MD5"},
        {"checksumAlgorithm": 1},
        {"checksumAlgorithm": "CRC32"},
        {"checksumAlgorithm": "CRC32", "checksum": "x"},
        {"checksum": "AAAAAA=="},
        {"checksumAlgorithm": "CRC32", "checksum": "AAAAAA==", "size": 200 * MIB},
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(platform: Platform, changes: dict[str, object]) -> None:
    body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10, **changes}
    assert platform.uploader.send("POST", "/videos/upload-url", body).error == (400, "invalid_request")


@pytest.mark.parametrize(
    ("text", "good"), [("AAAAAA==", True), ("AAAAAA", False), ("", False), ("é", False), ("AAAA", False)]
)
def test_a_checksum_is_base64_of_the_right_length(text: str, good: bool) -> None:
    assert is_checksum(text, Algorithm.CRC32) is good
