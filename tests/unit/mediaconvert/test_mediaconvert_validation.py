"""CreateJob refuses bad settings with the messages that were observed on the service."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediaconvert_harness import (
    audio,
    capture_output,
    file_group,
    h264,
    hls_group,
    job_settings,
    mp4_output,
    rung,
    video,
)

from mediaconvert_standin.errors import BadRequest, UnknownOperation, Unsupported
from mediaconvert_standin.job_settings.plan import Loudness, TimecodeBurnin
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.operations.rules import check_rules, h264_max_width
from mediaconvert_standin.protocol.schema import check_request
from mediaconvert_standin.protocol.wire import find_route, parse_request, routes, service_model

Json = dict[str, Any]

ONE = "/outputGroups/0/outputs/0"
H264 = f"{ONE}/videoDescription/codecSettings/h264Settings"


def wire(value: Any) -> Any:
    """Parameter names of the SDK → names of the wire."""
    if isinstance(value, list):
        return [wire(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key if " " in key else key[0].lower() + key[1:]: wire(item) for key, item in value.items()}


def request(settings: Json, **more: Any) -> Json:
    return {"role": "arn:aws:iam::000000000000:role/r", "settings": wire(settings), **more}


def simple() -> Json:
    return job_settings("a.mp4", file_group("s3://bucket/x", mp4_output(video(h264()))))


def h264_changed(**changes: Any) -> Json:
    settings = h264(**changes)
    settings["H264Settings"] = {name: value for name, value in settings["H264Settings"].items() if value is not None}
    return job_settings("a.mp4", file_group("s3://bucket/x", mp4_output(video(settings))))


def problems(call: Json) -> list[str]:
    operation = service_model().operation_model("CreateJob")
    try:
        check_request(operation.input_shape, call)  # type: ignore[arg-type]
        check_rules(call)
        parse_settings(call["settings"])
    except BadRequest as error:
        return error.message.split(" | ")
    return []


def aac_bitrate(settings: Json, bitrate: int) -> Json:
    changed = deepcopy(settings)
    output = changed["OutputGroups"][0]["Outputs"][0]
    output["AudioDescriptions"][0]["CodecSettings"]["AacSettings"]["Bitrate"] = bitrate
    return changed


def test_the_product_s_job_is_accepted() -> None:
    groups = [
        file_group("s3://bucket/x/video", mp4_output(video(h264(), (1280, 720)))),
        hls_group("s3://bucket/x/hls/video", [rung((640, 360))]),
        file_group("s3://bucket/x/poster", capture_output((1280, 720), 1, 1)),
    ]
    assert problems(request(job_settings("a.mp4", *groups))) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"settings": {}}, "/: role is a required property"),
        (request({"Inputs": [], "OutputGroups": []}), "/inputs: Should have at least 1 items"),
        (
            request(job_settings("a", file_group("s3://bucket/x"))),
            "/outputGroups/0/outputs: Should have at least 1 items",
        ),
        (request(h264_changed(MaxBitrate=999)), f"{H264}/maxBitrate: Should be greater than or equal to 1000"),
        (request(h264_changed(MaxBitrate=None)), f"{H264}: maxBitrate is a required property"),
        (
            request(h264_changed(RateControlMode="ABR")),
            f'{H264}/rateControlMode: Should be equal to one of the allowed values in ["VBR","CBR","QVBR"]',
        ),
        (
            request(h264_changed(CodecProfile="BASELINE")),
            f'{H264}: Should match exactly one schema defined in "oneOf"',
        ),
        (
            request(h264_changed(CodecLevel="LEVEL_3_1", MaxBitrate=20_000_000)),
            f"{H264}/maxBitrate: Should be less than or equal to 16800000",
        ),
        (request(simple(), priority=51), "/priority: Should be less than or equal to 50"),
        (
            request(simple(), userMetadata={str(number): "x" for number in range(11)}),
            "/userMetadata: Should have at most 10 properties",
        ),
        (request(simple(), userMetadata={"a": 1}), "/userMetadata/a: Should be a string"),
    ],
)
def test_message(call: Json, message: str) -> None:
    assert message in problems(call)


def test_several_problems_are_told_at_once() -> None:
    call = request(h264_changed(MaxBitrate=1, GopClosedCadence=-1, Slices=99))
    assert len(problems(call)) == 3


def test_discriminator_that_contradicts_its_object() -> None:
    settings = simple()
    settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"]["CodecSettings"]["Codec"] = "H_265"
    assert f"{ONE}/videoDescription/codecSettings/codec: Must be H_264" in problems(request(settings))


def test_two_codec_objects() -> None:
    settings = simple()
    codecs = settings["OutputGroups"][0]["Outputs"][0]["AudioDescriptions"][0]["CodecSettings"]
    codecs["Mp3Settings"] = {"Bitrate": 128000}
    message = f"{ONE}/audioDescriptions/0/codecSettings: Should have at most 2 properties"
    assert message in problems(request(settings))


def test_aac_bitrate_outside_its_range_names_the_range() -> None:
    (message,) = problems(request(aac_bitrate(simple(), 1_000_000)))
    assert "profile LC, coding mode CODING_MODE_2_0 and sample rate 48000" in message
    assert "from 64000 to 576000" in message
    assert message.endswith("resubmit your job.")


def test_container_must_fit_its_group() -> None:
    output = mp4_output(video(h264()))
    found = problems(request(job_settings("a.mp4", hls_group("s3://bucket/x", [output]))))
    assert found[0].startswith(f"{ONE}/containerSettings/container: MP4 is not valid")


def test_frame_capture_cannot_be_alone() -> None:
    settings = job_settings("a.mp4", file_group("s3://bucket/x", capture_output((64, 64), 1, 1)))
    assert problems(request(settings))[0].startswith("/outputGroups: Frame capture can not be the only output")


def test_outputs_with_one_name_are_refused() -> None:
    settings = job_settings("a.mp4", file_group("s3://bucket/x", *[mp4_output(video(h264()))] * 2))
    assert "nameModifier is a required property" in problems(request(settings))[0]


@pytest.mark.parametrize(
    ("member", "value"),
    [("VideoOverlays", [{"StartTimecode": "00:00:01:00"}]), ("ImageInserter", {"InsertableImages": []})],
)
def test_settings_that_would_change_the_result_are_rejected(member: str, value: Any) -> None:
    settings = simple()
    settings["Inputs"][0][member] = value
    found = problems(request(settings))
    # An empty object asks for nothing.
    assert found == [] if member == "ImageInserter" else found[0].startswith("Not supported by this emulator: ")


def with_preprocessors(**preprocessors: Any) -> Json:
    settings: Json = wire(job_settings("in.mp4", file_group("s3://bucket/x", mp4_output(video(h264())))))
    settings["outputGroups"][0]["outputs"][0]["videoDescription"]["videoPreprocessors"] = preprocessors
    return settings


def test_an_empty_object_is_a_feature_with_its_defaults() -> None:
    settings = with_preprocessors(deinterlacer={}, timecodeBurnin={})
    (output,) = settings["outputGroups"][0]["outputs"]
    output["audioDescriptions"][0]["audioNormalizationSettings"] = {}
    plan = parse_settings(settings)
    shown, heard = plan.outputs[0].video, plan.outputs[0].audio[0]
    assert shown is not None
    assert (shown.deinterlace, shown.burnin) == ("NORMAL", TimecodeBurnin(10, "TOP_CENTER", ""))
    assert heard.loudness == Loudness(target=-23.0, peak=0.0)
    assert plan.warnings == ()


def test_a_noise_reducer_needs_its_filter() -> None:
    with pytest.raises(BadRequest, match="noiseReducer: filter is a required property"):
        parse_settings(with_preprocessors(noiseReducer={}))


def test_empty_objects_that_nothing_reads_are_named_or_refused() -> None:
    plan = parse_settings(with_preprocessors(partnerWatermarking={}, colorCorrector={}, imageInserter={}))
    inside = f"{ONE}/videoDescription/videoPreprocessors"
    assert plan.warnings == (f"Ignored by this emulator: {inside}/partnerWatermarking = {{}}",)
    with pytest.raises(Unsupported, match="hdr10Plus"):
        parse_settings(with_preprocessors(hdr10Plus={}))


def test_ignored_settings_are_named_in_warnings_and_defaults_are_not() -> None:
    settings = simple()
    settings["AdAvailOffset"] = 0
    settings["Inputs"][0] |= {"FilterEnable": "FORCE", "DeblockFilter": "DISABLED"}
    plan = parse_settings(wire(settings))
    assert plan.warnings == ("Ignored by this emulator: /inputs/0/filterEnable = FORCE",)


def test_passthrough_of_more_than_one_input_is_rejected() -> None:
    settings = simple()
    settings["Inputs"] *= 2
    settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"] = {"CodecSettings": {"Codec": "PASSTHROUGH"}}
    with pytest.raises(Unsupported, match="passthrough of several inputs"):
        parse_settings(wire(settings))


@pytest.mark.parametrize(
    ("max_fs", "height", "widest"), [(1620, 576, 720), (3600, 720, 1280), (8192, 1088, 1920), (396, 288, 352)]
)
def test_h264_level_bounds_the_width(max_fs: int, height: int, widest: int) -> None:
    assert h264_max_width(max_fs, height) == widest


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(junk=json_values, member=st.sampled_from(["inputs", "outputGroups", "timecodeConfig", "adAvailOffset"]))
def test_junk_is_refused_or_ignored_but_never_breaks(junk: Any, member: str) -> None:
    call = request(simple())
    call["settings"][member] = junk
    body = json.dumps(call).encode()
    operation = service_model().operation_model("CreateJob")
    problems(parse_request(operation, {}, "", body))


@given(junk=json_values, member=st.sampled_from(["videoDescription", "audioDescriptions", "containerSettings"]))
def test_junk_in_an_output_never_breaks(junk: Any, member: str) -> None:
    call = request(simple())
    call["settings"]["outputGroups"][0]["outputs"][0][member] = junk
    body = json.dumps(call).encode()
    operation = service_model().operation_model("CreateJob")
    problems(parse_request(operation, {}, "", body))


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a":"\\ud800"}', b'{"a":' * 70 + b"1" + b"}" * 70],
)
def test_bodies_that_are_no_plain_json_object(body: bytes) -> None:
    operation = service_model().operation_model("CreateJob")
    with pytest.raises(BadRequest):
        parse_request(operation, {}, "", body)


def test_every_operation_of_the_model_has_a_route() -> None:
    assert {route.operation.name for route in routes()} == set(service_model().operation_names)


def test_arn_in_a_path_is_one_segment() -> None:
    arn = "arn:aws:mediaconvert:us-east-1:000000000000:queues/Default"
    path = "/2017-08-29/tags/" + arn.replace(":", "%3A").replace("/", "%2F")
    operation, values = find_route("GET", path)
    assert (operation.name, values) == ("ListTagsForResource", {"arn": arn})


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("PATCH", "/2017-08-29/jobs"), ("GET", "/2017-08-29/x")])
def test_unknown_routes(method: str, path: str) -> None:
    with pytest.raises(UnknownOperation):
        find_route(method, path)


def test_audio_description_without_aac_mode() -> None:
    settings = simple()
    described = audio()
    described["CodecSettings"]["AacSettings"] = {}
    settings["OutputGroups"][0]["Outputs"][0]["AudioDescriptions"] = [described]
    inside = f"{ONE}/audioDescriptions/0/codecSettings/aacSettings"
    found = problems(request(settings))
    assert f"{inside}: codingMode is a required property" in found
    assert f"{inside}: sampleRate is a required property" in found
