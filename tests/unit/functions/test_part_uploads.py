"""Large uploads by parts, against a real S3."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from functions.harness import TEMP_BUCKET, Answer
from sstech_video import uploads
from sstech_video.multipart import Assembly, UploadBucket
from sstech_video.uploads import MIB

if TYPE_CHECKING:
    from functions.conftest import Platform

SIZE = 5 * MIB + 100


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts as small as S3 takes them, so that a test is quick: a file of SIZE bytes has two."""
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", 1 * MIB)
    monkeypatch.setattr(uploads, "PREFERRED_PART_BYTES", 5 * MIB)


class LargeUpload:
    def __init__(self, platform: Platform, size: int = SIZE) -> None:
        self.platform = platform
        self.size = size
        self.upload = platform.new_upload(size)
        self.path = f"/videos/{self.upload['videoId']}"

    def call(self, method: str, route: str, body: object = None, query: dict[str, str] | None = None) -> Answer:
        return self.platform.library.send(method, f"{self.path}/{route}", body, query)

    def url(self, number: int) -> str:
        answer = self.call("POST", "parts", {"partNumbers": [number]})
        assert answer.status == 200
        url: str = answer.json["parts"][0]["url"]
        return url

    def send(self, number: int, size: int | None = None) -> str:
        length = size or min(5 * MIB, self.size - (number - 1) * 5 * MIB)
        answer = requests.put(self.url(number), data=bytes([number]) * length, timeout=20)
        assert answer.status_code == 200, answer.text
        etag: str = answer.headers["ETag"]
        return etag

    def send_all(self) -> list[dict[str, Any]]:
        return [{"partNumber": number, "etag": self.send(number)} for number in (1, 2)]

    def complete(self, parts: object) -> Answer:
        return self.call("POST", "complete", {"parts": parts})


@pytest.fixture
def large(platform: Platform, small_parts: None) -> LargeUpload:
    return LargeUpload(platform)


def test_parts_are_put_together_to_the_file(large: LargeUpload) -> None:
    assert large.upload["multipart"] == {"partSize": 5 * MIB, "partCount": 2}
    answer = large.complete(large.send_all())
    assert answer.status == 200
    assert answer.json["status"] == "uploaded"
    head = large.platform.s3.head_object(Bucket=TEMP_BUCKET, Key=large.upload["key"])
    assert (head["ContentLength"], head["ContentType"]) == (SIZE, "video/mp4")


def test_etags_may_come_without_quotes(large: LargeUpload) -> None:
    parts = [{**part, "etag": part["etag"].strip('"')} for part in large.send_all()]
    assert large.complete(parts).status == 200


def test_completing_again_says_the_same(large: LargeUpload) -> None:
    parts = large.send_all()
    first = large.complete(parts)
    assert large.complete(parts).json == first.json
    assert large.platform.arrive(large.upload, SIZE) == []
    assert large.complete(parts).json["status"] == "converting"


def test_an_answer_that_was_lost_is_given_again(large: LargeUpload) -> None:
    """S3 has the object, the catalog does not know yet."""
    parts = large.send_all()
    assert large.complete(parts).status == 200
    catalog_key = f"catalog/{large.platform.owner}/{large.upload['videoId']}.json"
    body = large.platform.s3.get_object(Bucket="media", Key=catalog_key)["Body"].read()
    large.platform.s3.put_object(
        Bucket="media", Key=catalog_key, Body=body.replace(b'"status":"uploaded"', b'"status":"uploading"')
    )
    answer = large.complete(parts)
    assert (answer.status, answer.json["status"]) == (200, "uploaded")


def test_what_has_arrived_can_be_asked_and_paged(large: LargeUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    from sstech_video import multipart

    plan = {**large.upload["multipart"], "checksumAlgorithm": None}
    assert large.call("GET", "parts").json == {"parts": [], "nextAfter": None, **plan}
    sent = large.send_all()
    parts = large.call("GET", "parts").json["parts"]
    assert [(part["partNumber"], part["size"]) for part in parts] == [(1, 5 * MIB), (2, 100)]
    assert [part["etag"] for part in parts] == [part["etag"].strip('"') for part in sent]
    assert large.call("GET", "parts", query={"after": "1"}).json["parts"] == parts[1:]
    monkeypatch.setattr(multipart, "LIST_PAGE", 1)
    assert large.call("GET", "parts").json == {"parts": parts[:1], "nextAfter": 1, **plan}
    assert large.call("GET", "parts", query={"after": "1"}).json == {"parts": parts[1:], "nextAfter": None, **plan}
    assert large.complete(sent).status == 200


def test_another_browser_goes_on_with_nothing_but_the_videos_id(large: LargeUpload) -> None:
    """It has the file, and asks for all the rest: what has arrived, and how the file is cut."""
    large.send(1)
    held = large.call("GET", "parts").json
    missing = set(range(1, held["partCount"] + 1)) - {part["partNumber"] for part in held["parts"]}
    for number in missing:
        large.send(number, min(held["partSize"], SIZE - (number - 1) * held["partSize"]))
    parts = large.call("GET", "parts").json["parts"]
    assert large.complete([{"partNumber": part["partNumber"], "etag": part["etag"]} for part in parts]).status == 200


def test_a_part_url_takes_its_exact_length_only(large: LargeUpload) -> None:
    url = large.url(2)
    assert requests.put(url, data=b"x" * 101, timeout=20).status_code == 403
    assert requests.put(url, data=b"x" * 99, timeout=20).status_code == 403
    assert requests.put(url, data=b"x" * 100, timeout=20).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: parts[:1],
        lambda parts: parts[::-1],
        lambda parts: [parts[0], parts[0]],
        lambda parts: [parts[0], {**parts[1], "etag": '"' + "0" * 32 + '"'}],
        lambda parts: [*parts, {"partNumber": 3, "etag": parts[0]["etag"]}],
    ],
    ids=["missing", "reversed", "twice", "wrong etag", "one too many"],
)
def test_wrong_parts_are_refused_and_the_upload_is_kept(large: LargeUpload, spoil: Any) -> None:
    parts = large.send_all()
    assert large.complete(spoil(parts)).error == (400, "invalid_request")
    assert large.complete(parts).status == 200


def with_wrong_etag(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [parts[0], {**parts[1], "etag": "0" * 32}]


def test_a_wrong_etag_is_refused_after_the_end_too(large: LargeUpload) -> None:
    parts = large.send_all()
    assert large.complete(parts).status == 200
    assert large.complete(with_wrong_etag(parts)).error == (400, "invalid_request")
    assert large.platform.arrive(large.upload, SIZE) == []
    assert large.complete(with_wrong_etag(parts)).error == (400, "invalid_request")
    assert large.complete(parts).json["status"] == "converting"


def test_a_wrong_etag_is_refused_although_the_right_ones_came_in_between(
    large: LargeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request completes the upload after this one has read its entry."""
    parts = large.send_all()
    hold = UploadBucket.all_held_parts

    def overtaken(bucket: UploadBucket, upload: Any) -> Any:
        monkeypatch.setattr(UploadBucket, "all_held_parts", hold)
        assert large.complete(parts).status == 200
        return hold(bucket, upload)

    monkeypatch.setattr(UploadBucket, "all_held_parts", overtaken)
    assert large.complete(with_wrong_etag(parts)).error == (400, "invalid_request")
    assert large.complete(parts).status == 200


def test_an_upload_that_is_given_up_meanwhile_is_not_completed(
    large: LargeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = large.send_all()
    hold = UploadBucket.all_held_parts

    def given_up(bucket: UploadBucket, upload: Any) -> Any:
        bucket.abort(upload.key, upload.upload_id)
        key = f"catalog/{large.platform.owner}/{large.upload['videoId']}.json"
        body = large.platform.s3.get_object(Bucket="media", Key=key)["Body"].read()
        failed = b'"status":"failed","error":{"code":"upload_abandoned","message":"Given up."}'
        large.platform.s3.put_object(Bucket="media", Key=key, Body=body.replace(b'"status":"uploading"', failed))
        return hold(bucket, upload)

    monkeypatch.setattr(UploadBucket, "all_held_parts", given_up)
    assert large.complete(parts).error == (409, "wrong_state")


def test_what_was_asked_of_s3_is_known_though_its_answer_never_came(
    large: LargeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function ends in the middle of CompleteMultipartUpload, and S3 goes on."""
    parts = large.send_all()

    def dies(*_: object) -> Assembly:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(UploadBucket, "assemble", dies)
        with pytest.raises(SystemExit):
            large.complete(parts)
    upload_id = large.platform.entry(large.upload)["uploadId"]
    large.platform.s3.abort_multipart_upload(Bucket=TEMP_BUCKET, Key=large.upload["key"], UploadId=upload_id)
    assert large.complete(parts).status == 202
    assert large.complete(with_wrong_etag(parts)).error == (400, "invalid_request")


def test_a_part_that_never_arrived_is_named(large: LargeUpload) -> None:
    etag = large.send(1)
    answer = large.complete([{"partNumber": 1, "etag": etag}, {"partNumber": 2, "etag": etag}])
    assert answer.error == (400, "invalid_request")
    assert "Part 2" in answer.json["error"]["message"]


def test_parts_are_over_when_the_upload_is(large: LargeUpload) -> None:
    assert large.complete(large.send_all()).status == 200
    assert large.call("POST", "parts", {"partNumbers": [1]}).error == (409, "wrong_state")
    assert large.call("GET", "parts").error == (409, "wrong_state")


def test_a_single_put_has_no_parts(platform: Platform) -> None:
    path = f"/videos/{platform.new_upload()['videoId']}"
    send = platform.library.send
    assert send("POST", f"{path}/parts", {"partNumbers": [1]}).error == (409, "wrong_state")
    assert send("GET", f"{path}/parts").error == (409, "wrong_state")
    body = {"parts": [{"partNumber": 1, "etag": "a"}]}
    assert send("POST", f"{path}/complete", body).error == (409, "wrong_state")


def test_only_parts_of_the_plan_are_signed(large: LargeUpload) -> None:
    for numbers in ([0], [3], [], [1, 1], "1"):
        assert large.call("POST", "parts", {"partNumbers": numbers}).error == (400, "invalid_request")


def test_an_aborted_upload_cannot_be_completed(large: LargeUpload) -> None:
    parts = large.send_all()
    upload_id = large.platform.entry(large.upload)["uploadId"]
    large.platform.s3.abort_multipart_upload(Bucket=TEMP_BUCKET, Key=large.upload["key"], UploadId=upload_id)
    assert large.complete(parts).error == (409, "wrong_state")
    assert large.call("GET", "parts").error == (409, "wrong_state")


def test_while_s3_is_still_assembling_the_answer_is_202(large: LargeUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    from sstech_video import aws, multipart

    parts = large.send_all()
    release = threading.Event()
    patient = aws.assembling_s3()

    class Slow:
        def complete_multipart_upload(self, **arguments: Any) -> Any:
            release.wait(30)
            return patient.complete_multipart_upload(**arguments)

    monkeypatch.setattr(aws, "assembling_s3", Slow)
    monkeypatch.setattr(multipart.UploadBucket.assemble, "__defaults__", (0.01,))
    answer = large.complete(parts)
    assert (answer.status, answer.json["status"]) == (202, "uploading")
    assert large.complete(parts).status == 202
    release.set()
    monkeypatch.setattr(multipart.UploadBucket.assemble, "__defaults__", (30.0,))
    assert large.complete(parts).status == 200


def test_an_upload_that_vanished_under_assembly_is_waited_for(
    large: LargeUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = large.send_all()
    monkeypatch.setattr(UploadBucket, "assemble", lambda *_: Assembly.UNDER_WAY)
    assert large.complete(parts).status == 202
    upload_id = large.platform.entry(large.upload)["uploadId"]
    large.platform.s3.abort_multipart_upload(Bucket=TEMP_BUCKET, Key=large.upload["key"], UploadId=upload_id)
    assert large.complete(parts).status == 202


def test_an_object_that_has_no_bytes_yet_is_waited_for(large: LargeUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 says it is done, HEAD still tells of nothing."""
    from sstech_video import storage

    parts = large.send_all()
    with monkeypatch.context() as patch:
        patch.setattr(storage, "size_of", lambda *_: 0)
        answer = large.complete(parts)
        assert (answer.status, answer.json["status"]) == (202, "uploading")
    answer = large.complete(parts)
    assert (answer.status, answer.json["status"]) == (200, "uploaded")


def test_an_object_of_another_size_than_its_parts_fails(large: LargeUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    from sstech_video import storage

    parts = large.send_all()
    monkeypatch.setattr(storage, "size_of", lambda *_: SIZE - 1)
    answer = large.complete(parts)
    assert (answer.status, answer.json["error"]["code"]) == (200, "size_mismatch")
