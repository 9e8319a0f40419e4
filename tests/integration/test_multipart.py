"""Large files go in parts, in parallel, resumable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from devstack import clips, media
from devstack.contract.answers import MultipartPlan, StoredPart
from devstack.contract.client import Library
from devstack.contract.uploading import part_length

from .people import CONVERSION_TIMEOUT, Person
from .store import Store

SIZE = 104_857_600 + 2_000_001
"""Above what one PUT may carry, and no multiple of anything."""
UNKNOWN = "0" * 20


@pytest.fixture
def opened(library: Library) -> tuple[str, MultipartPlan]:
    upload = library.open_upload("large.mp4", "video/mp4", SIZE)
    assert upload.multipart is not None
    return upload.video_id, upload.multipart


def send_last(library: Library, video_id: str, plan: MultipartPlan) -> StoredPart:
    """The last part is the smallest: cheap to send."""
    number = plan.part_count
    length = part_length(plan, SIZE, number)
    (url,) = library.part_urls(video_id, [number]).values()
    answer = requests.put(url, data=bytes(length), timeout=60)
    assert answer.status_code == 200
    return StoredPart(number, length, answer.headers["ETag"])


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return clips.pad(clips.make_clip("mp4-h264-aac", tmp_path), SIZE)


def test_a_large_file_goes_in_parts_resumes_and_plays(library: Library, large: Path, store: Store) -> None:
    upload = library.open_upload("large.mp4", "video/mp4", SIZE)
    video_id, plan = upload.video_id, upload.multipart
    assert plan is not None
    first = send_last(library, video_id, replace(plan))
    sent: list[int] = []
    # The last part holds other bytes than the file's, but its size is right: it counts as sent.
    parts = library.send_parts(video_id, plan, large, sent.append)
    assert sum(sent) == SIZE
    assert parts[-1].etag.strip('"') == first.etag.strip('"')
    assert [part.number for part in library.stored_parts(video_id)] == list(range(1, plan.part_count + 1))

    wrong = [replace(parts[0], etag='"' + "0" * 32 + '"'), *parts[1:]]
    refused = library.send("POST", f"/videos/{video_id}/complete", {"parts": _json(wrong)})
    assert refused.status_code == 400, refused.text
    assert len(library.stored_parts(video_id)) == plan.part_count

    unquoted = [replace(part, etag=part.etag.strip('"')) for part in parts]
    assert library.complete(video_id, unquoted).video_id == video_id
    assert library.complete(video_id, parts).video_id == video_id
    assert library.send("GET", f"/videos/{video_id}/parts").status_code == 409
    assert library.send("POST", f"/videos/{video_id}/parts", {"partNumbers": [1]}).status_code == 409

    video = library.wait_ready(video_id, CONVERSION_TIMEOUT)
    assert video.size == SIZE
    assert library.complete(video_id, parts).status == "ready"
    playback = library.playback(video_id)
    assert media.probe(library.fetch(playback.mp4_url, playback).content).duration == pytest.approx(
        clips.SECONDS, abs=0.1
    )
    store.wait_original_gone(upload)
    assert len(store.jobs(video_id)) == 1


def test_what_s3_holds_can_be_asked_for(library: Library, opened: tuple[str, MultipartPlan]) -> None:
    video_id, plan = opened
    assert library.stored_parts(video_id) == ()
    sent = send_last(library, video_id, plan)
    (held,) = library.stored_parts(video_id)
    assert (held.number, held.size, held.etag.strip('"')) == (sent.number, sent.size, sent.etag.strip('"'))
    after = library.call("GET", f"/videos/{video_id}/parts", after=plan.part_count)
    told = {"partSize": plan.part_size, "partCount": plan.part_count, "checksumAlgorithm": None}
    assert after.json() == {"parts": [], "nextAfter": None, **told}


def test_missing_parts_are_refused_and_the_upload_is_kept(library: Library, opened: tuple[str, MultipartPlan]) -> None:
    video_id, plan = opened
    sent = send_last(library, video_id, plan)
    invented = [StoredPart(number, 0, sent.etag) for number in range(1, plan.part_count + 1)]
    for parts in ([sent], invented, [*reversed(invented)], [sent, sent], []):
        answer = library.send("POST", f"/videos/{video_id}/complete", {"parts": _json(parts)})
        assert answer.status_code == 400, parts
        assert answer.json()["error"]["message"]
    assert [part.number for part in library.stored_parts(video_id)] == [plan.part_count]
    assert library.video(video_id).status == "uploading"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"parts": None},
        {"parts": "all"},
        {"parts": [1]},
        {"parts": [{"partNumber": 1}]},
        {"parts": [{"partNumber": "1", "etag": "x"}]},
        {"parts": [{"partNumber": 0, "etag": "x"}]},
        {"parts": [{"partNumber": 1, "etag": 5}]},
        {"parts": [{"partNumber": 1, "etag": "<x/>"}]},
    ],
)
def test_a_wrong_list_of_parts_is_refused(body: object, library: Library, opened: tuple[str, MultipartPlan]) -> None:
    assert library.send("POST", f"/videos/{opened[0]}/complete", body).status_code == 400


def test_part_numbers_outside_the_plan_are_refused(library: Library, opened: tuple[str, MultipartPlan]) -> None:
    video_id, plan = opened
    for numbers in ([], [0], [plan.part_count + 1], [1] * 101, ["1"], [1.5], "1", None, [True]):
        answer = library.send("POST", f"/videos/{video_id}/parts", {"partNumbers": numbers})
        assert answer.status_code == 400, numbers


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "999999999999"])
def test_a_wrong_place_to_continue_is_refused(after: str, library: Library, opened: tuple[str, MultipartPlan]) -> None:
    assert library.send("GET", f"/videos/{opened[0]}/parts", after=after).status_code == 400


def test_a_part_of_another_length_is_refused(library: Library, opened: tuple[str, MultipartPlan]) -> None:
    video_id, plan = opened
    (url,) = library.part_urls(video_id, [plan.part_count]).values()
    too_long = bytes(part_length(plan, SIZE, plan.part_count) + 1)
    assert requests.put(url, data=too_long, timeout=60).status_code == 403
    assert library.stored_parts(video_id) == ()


def test_a_small_upload_has_no_parts(library: Library) -> None:
    upload = library.open_upload("small.mp4", "video/mp4", 1000)
    assert library.send("POST", f"/videos/{upload.video_id}/parts", {"partNumbers": [1]}).status_code in {400, 409}


def test_another_person_reaches_no_part(
    library: Library, opened: tuple[str, MultipartPlan], new_person: Callable[[], Person]
) -> None:
    video_id, plan = opened
    sent = send_last(library, video_id, plan)
    stranger = new_person().library
    for method, path, body in (
        ("POST", "parts", {"partNumbers": [1]}),
        ("GET", "parts", None),
        ("POST", "complete", {"parts": _json([sent])}),
    ):
        assert stranger.send(method, f"/videos/{video_id}/{path}", body).status_code == 404


def _json(parts: list[StoredPart]) -> list[dict[str, object]]:
    return [{"partNumber": part.number, "etag": part.etag} for part in parts]
