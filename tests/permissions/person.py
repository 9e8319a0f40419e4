"""Somebody with an ID token, what they do, and what happens to their videos."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

from unit.functions import harness
from unit.functions.harness import Answer, Caller

from sstech_video import keys

from .world import World


class FlowBrokenError(AssertionError):
    """A step did not come out as it should."""


def expect(is_right: bool, what: str) -> None:
    if not is_right:
        raise FlowBrokenError(what)


class Person:
    """Somebody with an ID token, and what happens to their videos."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner = str(uuid4())
        self.temp, self.media = world.outputs["TempBucketName"], world.outputs["MediaBucketName"]

    def ask(self, status: int, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON. Raises FlowBrokenError for another status."""
        function = "UploadFunction" if path == "/videos/upload-url" else "LibraryFunction"
        caller = Caller(
            lambda event, _: self.world.invoke(function, event),
            self.owner,
            {"aud": self.world.outputs["UserPoolClientId"]},
        )
        answer: Answer = caller.send(method, path, body)
        expect(answer.status == status, f"{method} {path}: {answer.status} {answer.text}")
        return answer.json if answer.text else None

    def open(self, size: int = len(harness.MP4_START)) -> dict[str, Any]:
        body = {"fileName": "a.mp4", "contentType": "video/mp4", "size": size}
        opened: dict[str, Any] = self.ask(201, "POST", "/videos/upload-url", body)
        return opened

    def sent(self, data: bytes = harness.MP4_START) -> dict[str, Any]:
        upload = self.open(len(data))
        put(upload, data)
        return upload

    def converting(self) -> dict[str, Any]:
        upload = self.sent()
        self.arrive(upload)
        return upload

    def ready(self) -> dict[str, Any]:
        upload = self.converting()
        self.publish(upload)
        self.happen(harness.complete_event(self.job(upload)))
        return upload

    def failed(self) -> dict[str, Any]:
        upload = self.converting()
        self.happen(harness.job_event(self.job(upload), "ERROR", errorCode=1401, errorMessage="unreadable"))
        return upload

    def retry(self, upload: dict[str, Any]) -> None:
        self.ask(202, "POST", f"/videos/{upload['videoId']}/retry")

    def publish(self, upload: dict[str, Any]) -> None:
        """Outputs where MediaConvert puts them."""
        folder = keys.attempt(self.owner, upload["videoId"], 1)
        thumbnails = (f"{keys.THUMBNAIL_PREFIX}0000000.jpg", keys.WEBVTT_NAME)
        for name in (keys.MP4_NAME, keys.HLS_NAME, keys.POSTER_NAME, *thumbnails):
            self.world.s3.put_object(Bucket=self.media, Key=folder + name, Body=b"media")

    def arrive(self, upload: dict[str, Any], size: int = len(harness.MP4_START)) -> None:
        message = harness.sns_envelope(harness.s3_event(upload["key"], size, self.temp))
        answer = self.world.invoke("TriggerFunction", harness.sqs_event(message))
        expect(answer == {"batchItemFailures": []}, "the trigger gave its message back")

    def arrive_and_lose_the_answer(self, upload: dict[str, Any]) -> None:
        """A job is made, and the trigger never hears of it."""
        self.world.mediaconvert.answers_get_lost = True
        try:
            with suppress(FlowBrokenError):
                self.arrive(upload)
        finally:
            self.world.mediaconvert.answers_get_lost = False

    def happen(self, event: dict[str, Any]) -> None:
        self.world.invoke("ConversionCompleteFunction", event)

    def job(self, upload: dict[str, Any]) -> dict[str, Any]:
        (job,) = [one for one in self.world.mediaconvert.jobs if one["userMetadata"]["videoId"] == upload["videoId"]]
        return job

    def video(self, upload: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.ask(200, "GET", f"/videos/{upload['videoId']}")
        return shown

    def entry(self, upload: dict[str, Any]) -> dict[str, Any]:
        """As the catalog holds it."""
        held = self.world.s3.get_object(Bucket=self.media, Key=keys.catalog(self.owner, upload["videoId"]))
        entry: dict[str, Any] = json.loads(held["Body"].read())
        return entry

    def change_entry(self, upload: dict[str, Any], **changes: object) -> None:
        body = json.dumps({**self.entry(upload), **changes}).encode()
        self.world.s3.put_object(Bucket=self.media, Key=keys.catalog(self.owner, upload["videoId"]), Body=body)

    def expect_status(self, upload: dict[str, Any], status: str) -> None:
        said = self.entry(upload)["status"]
        expect(said == status, f"the video is {said}, not {status}")

    def has(self, bucket: str, prefix: str) -> bool:
        return "Contents" in self.world.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)

    def expect_gone_originals(self, upload: dict[str, Any]) -> None:
        expect(not self.has(self.temp, upload["key"]), "the original is still there")
        expect(not self.has(self.temp, keys.pending(upload["videoId"])), "the mark of unfinished work is still there")

    def expect_gone(self, upload: dict[str, Any]) -> None:
        """All but the tombstone."""
        self.expect_gone_originals(upload)
        expect(not self.has(self.media, keys.media(self.owner, upload["videoId"])), "outputs are still there")


def put(upload: dict[str, Any], data: bytes) -> None:
    answer = harness.put(upload, data)
    expect(answer.status_code == 200, f"PUT: {answer.status_code} {answer.text}")
