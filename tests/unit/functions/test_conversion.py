from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import botocore.loaders
import botocore.model
import pytest
from botocore.validate import ParamValidator

from functions.harness import QUEUE_ARN, ROLE_ARN, some_entry
from sstech_video.conversion import Target, job_request
from sstech_video.entries import Status
from sstech_video.sources import Source

TARGET = Target("unit", "temp", "media", ROLE_ARN, QUEUE_ARN)
KNOWN = Source(
    rotatable=True,
    duration_ms=12_300,
    has_video=True,
    has_audio=True,
    width=1920,
    height=1080,
    frame_rate=Fraction(25),
    interlaced=False,
)
SOURCES = [
    KNOWN,
    Source(),
    Source(rotatable=True),
    Source(has_video=True, has_audio=False, width=320, height=240, frame_rate=Fraction(240), interlaced=True),
]
# https://aws.amazon.com/mediaconvert/pricing/: what moves a job into the professional tier or a dearer class.
PROFESSIONAL = {"MULTI_PASS_HQ", "ENABLED", "PREFERRED", "FRAMEFORMER", "H_265", "AV1", "INVERSE_TELECINE"}


@pytest.fixture(scope="module")
def create_job() -> botocore.model.Shape:
    """The shape of CreateJob's request."""
    document = botocore.loaders.Loader().load_service_model("mediaconvert", "service-2")
    shape = botocore.model.ServiceModel(document).operation_model("CreateJob").input_shape
    assert shape is not None
    return shape


def request_for(source: Source, **changes: Any) -> dict[str, Any]:
    entry = some_entry(
        status=Status.CONVERTING, key="uploads/o/v/original.mp4", attempt=2, thumbnail_seconds=4, **changes
    )
    return dict(job_request(entry, source, TARGET))


def values(document: object, shape: botocore.model.Shape) -> Iterator[tuple[object, botocore.model.Shape]]:
    """Every value of a request with its shape."""
    if isinstance(shape, botocore.model.StructureShape) and isinstance(document, dict):
        for name, value in document.items():
            yield from values(value, shape.members[name])
    elif isinstance(shape, botocore.model.MapShape) and isinstance(document, dict):
        for value in document.values():
            yield from values(value, shape.value)
    elif isinstance(shape, botocore.model.ListShape) and isinstance(document, list):
        for value in document:
            yield from values(value, shape.member)
    else:
        yield document, shape


@pytest.mark.parametrize("source", SOURCES)
def test_a_request_is_valid_by_the_service_model(source: Source, create_job: botocore.model.Shape) -> None:
    request = request_for(source)
    report = ParamValidator().validate(request, create_job)
    assert not report.has_errors(), report.generate_report()
    for value, shape in values(request, create_job):
        if isinstance(shape, botocore.model.StringShape) and shape.enum:
            assert value in shape.enum
        if isinstance(value, int):
            assert shape.metadata.get("min", value) <= value <= shape.metadata.get("max", value)


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_in_the_professional_tier(source: Source, create_job: botocore.model.Shape) -> None:
    request = request_for(source)
    used = {value for value, _ in values(request, create_job) if isinstance(value, str)}
    assert not used & PROFESSIONAL
    assert request["AccelerationSettings"] == {"Mode": "DISABLED"}
    groups = request["Settings"]["OutputGroups"]
    assert not any("AutomatedEncodingSettings" in group for group in groups)
    for group in groups:
        for output in group["Outputs"]:
            assert output["VideoDescription"]["Width"] <= 1920


def test_a_job_says_whose_it_is_and_is_made_once_for_each_attempt() -> None:
    request = request_for(KNOWN)
    entry = some_entry()
    assert request["ClientRequestToken"] == f"{entry.video_id}-2"
    assert request["UserMetadata"] == {
        "stage": "unit",
        "owner": entry.owner,
        "videoId": entry.video_id,
        "attempt": "2",
    }
    assert (request["Role"], request["Queue"]) == (ROLE_ARN, QUEUE_ARN)


def test_outputs_go_into_the_folder_of_the_attempt() -> None:
    entry = some_entry()
    folder = f"s3://media/media/{entry.owner}/{entry.video_id}/2/"
    settings = [group["OutputGroupSettings"] for group in request_for(KNOWN)["Settings"]["OutputGroups"]]
    assert [
        (s.get("HlsGroupSettings") or s["FileGroupSettings"])["Destination"].removeprefix(folder) for s in settings
    ] == ["video", "hls/video", "poster", "thumbs"]


def test_only_families_with_a_rotation_are_rotated() -> None:
    assert request_for(KNOWN)["Settings"]["Inputs"][0]["VideoSelector"] == {"Rotate": "AUTO"}
    assert request_for(Source())["Settings"]["Inputs"][0]["VideoSelector"] == {}


def test_a_silent_source_has_no_audio_anywhere() -> None:
    settings = request_for(SOURCES[3])["Settings"]
    assert "AudioSelectors" not in settings["Inputs"][0]
    for group in settings["OutputGroups"]:
        assert not any("AudioDescriptions" in output for output in group["Outputs"])


def test_an_unknown_source_is_given_the_benefit_of_the_doubt() -> None:
    mp4 = request_for(Source())["Settings"]["OutputGroups"][0]["Outputs"][0]
    assert mp4["AudioDescriptions"]
    assert "Deinterlacer" in mp4["VideoDescription"]["VideoPreprocessors"]
    assert (mp4["VideoDescription"]["Width"], mp4["VideoDescription"]["Height"]) == (1920, 1080)


def test_slow_motion_plays_at_60_frames_a_second() -> None:
    h264 = request_for(SOURCES[3])["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]["CodecSettings"]
    assert h264["H264Settings"]["FramerateControl"] == "SPECIFIED"
    assert h264["H264Settings"]["FramerateNumerator"] == 60


def test_the_mp4_is_encoded_like_the_best_rendition() -> None:
    """So that an encoder may do the work once."""
    groups = request_for(KNOWN)["Settings"]["OutputGroups"]
    assert groups[0]["Outputs"][0]["VideoDescription"] == groups[1]["Outputs"][0]["VideoDescription"]


def test_thumbnails_come_at_the_interval_of_the_entry() -> None:
    capture = request_for(KNOWN)["Settings"]["OutputGroups"][3]["Outputs"][0]["VideoDescription"]["CodecSettings"]
    settings = capture["FrameCaptureSettings"]
    assert (settings["FramerateNumerator"], settings["FramerateDenominator"]) == (1, 4)
