"""Templates and presets laid into a job, and system presets made from their names."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mediaconvert_validation import problems, request, simple, wire

from mediaconvert_standin.errors import BadRequest
from mediaconvert_standin.operations.merging import apply_presets, merge_template
from mediaconvert_standin.operations.system_presets import (
    read_name,
    system_preset,
    system_preset_names,
    system_template,
    system_template_names,
)

Json = dict[str, Any]

LADDER = "System-Ott_Hls_Ts_Avc_Aac_16x9_"
CMAF = "System-Ott_Cmaf_Cmfc_Avc_16x9_Sdr_"
NTSC = Fraction(30000, 1001)


def template(**settings: Any) -> Json:
    return {"name": "t", "priority": 3, "queue": "q", "settings": settings}


def merged(over: Json, under: Json) -> Json:
    found: Json = merge_template({"settings": over}, template(**under))["settings"]
    return found


def test_request_wins_member_by_member() -> None:
    found = merge_template({"priority": 0, "settings": {"adAvailOffset": 1}}, template(adAvailOffset=2, followSource=1))
    assert (found["priority"], found["queue"]) == (0, "q")
    assert found["settings"] == {"adAvailOffset": 1, "followSource": 1}
    assert "name" not in found


@pytest.mark.parametrize("outputs", [{}, {"outputs": []}])
def test_group_settings_alone_keep_the_template_s_outputs(outputs: Json) -> None:
    under = {"outputGroups": [{"name": "g", "outputs": [{"nameModifier": "_a"}, {"nameModifier": "_b"}]}]}
    over = {"outputGroups": [{"outputGroupSettings": {"type": "X"}, **outputs}]}
    (group,) = merged(over, under)["outputGroups"]
    assert group["name"] == "g"
    assert group["outputGroupSettings"] == {"type": "X"}
    assert [output["nameModifier"] for output in group["outputs"]] == ["_a", "_b"]


def test_further_groups_are_appended_and_outputs_merge_by_index() -> None:
    under = {"outputGroups": [{"outputs": [{"nameModifier": "_a", "preset": "p"}]}]}
    over = {"outputGroups": [{"outputs": [{"nameModifier": "_c"}, {"nameModifier": "_d"}]}, {"name": "more"}]}
    first, second = merged(over, under)["outputGroups"]
    assert first["outputs"] == [{"nameModifier": "_c", "preset": "p"}, {"nameModifier": "_d"}]
    assert second == {"name": "more"}


H264_IN_TS = {
    "containerSettings": {"container": "M3U8"},
    "videoDescription": {"width": 640, "codecSettings": {"codec": "H_264"}},
    "audioDescriptions": [{"codecSettings": {"codec": "AAC"}}],
}


def output_of(over: Json, under: Json) -> Json:
    (group,) = merged({"outputGroups": [{"outputs": [over]}]}, {"outputGroups": [{"outputs": [under]}]})["outputGroups"]
    (output,) = apply_presets({"outputGroups": [group]}, lambda name: {"containerSettings": {"container": name}})[
        "outputGroups"
    ][0]["outputs"]
    return dict(output)


def test_container_settings_of_the_request_drop_the_preset_of_the_template() -> None:
    found = output_of(H264_IN_TS, {"preset": "MP4", "nameModifier": "_a"})
    assert found == H264_IN_TS | {"nameModifier": "_a"}


def test_a_preset_of_the_request_drops_what_the_template_says_in_its_place() -> None:
    found = output_of({"preset": "MP4"}, H264_IN_TS | {"nameModifier": "_a", "extension": "x"})
    assert found == {"containerSettings": {"container": "MP4"}, "nameModifier": "_a", "extension": "x"}


def test_both_in_one_request_stay_a_contradiction() -> None:
    with pytest.raises(BadRequest, match="either preset or containerSettings"):
        output_of({"preset": "MP4"} | H264_IN_TS, {"preset": "MOV"})


def test_template_s_selectors_are_laid_under_the_request_s_input() -> None:
    under = {"inputs": [{"audioSelectors": {"one": {"tracks": [1]}, "two": {"tracks": [2]}}}]}
    over = {
        "inputs": [{"fileInput": "s3://bucket/k", "audioSelectors": {"two": {"tracks": [3, 4]}}}, {"fileInput": "x"}]
    }
    first, second = merged(over, under)["inputs"]
    assert first["audioSelectors"] == {"one": {"tracks": [1]}, "two": {"tracks": [3, 4]}}
    assert (first["fileInput"], second) == ("s3://bucket/k", {"fileInput": "x"})


def test_another_codec_replaces_the_whole_of_the_first() -> None:
    under = {"outputGroups": [{"outputs": [{"x": {"codec": "H_264", "h264Settings": {"bitrate": 1}}}]}]}
    over = {"outputGroups": [{"outputs": [{"x": {"codec": "H_265", "h265Settings": {"bitrate": 2}}}]}]}
    (group,) = merged(over, under)["outputGroups"]
    assert group["outputs"] == [{"x": {"codec": "H_265", "h265Settings": {"bitrate": 2}}}]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["inputs", "outputs", "a"]), inner),
    max_leaves=6,
)


@given(over=st.dictionaries(st.sampled_from(["inputs", "outputGroups", "x"]), json_values), under=json_values)
def test_junk_in_a_request_never_breaks_the_merge(over: Json, under: Any) -> None:
    before = repr((over, under))
    found = merged(over, {"inputs": under, "outputGroups": under})
    apply_presets(found, lambda name: {"containerSettings": {"container": name}})
    assert repr((over, under)) == before


def test_preset_gives_what_the_output_lacks() -> None:
    own = {"preset": "p", "nameModifier": "_x", "videoDescription": {"width": 2}}
    settings = {"outputGroups": [{"outputs": [own]}]}
    contents = {"containerSettings": {"container": "MP4"}, "videoDescription": {"width": 4, "height": 6}}
    (output,) = apply_presets(settings, lambda _: contents)["outputGroups"][0]["outputs"]
    assert output == {
        "containerSettings": {"container": "MP4"},
        "nameModifier": "_x",
        "videoDescription": {"width": 2, "height": 6},
    }
    assert contents["videoDescription"]["width"] == 4  # type: ignore[index]
    assert own["preset"] == "p"


def test_preset_beside_container_settings_is_refused_by_its_pointer() -> None:
    output = {"preset": "p", "containerSettings": {"container": "MP4"}}
    with pytest.raises(BadRequest, match="/outputGroups/0/outputs/0: Specify either"):
        apply_presets({"outputGroups": [{"outputs": [output]}]}, lambda _: {})


@pytest.mark.parametrize(
    ("name", "container", "size", "rate", "bit_rate", "control", "sound"),
    [
        (f"{LADDER}480x270p_0.4Mbps", "M3U8", (480, 270), None, 400_000, "VBR", True),
        (f"{LADDER}480x270p_15Hz_0.4Mbps", "M3U8", (480, 270), 15, 400_000, "VBR", True),
        (f"{LADDER}1920x1080p_30Hz_8.5Mbps", "M3U8", (1920, 1080), 30, 8_500_000, "VBR", True),
        ("System-Generic_Hd_Mp4_Avc_Aac_16x9_1920x1080p_24Hz_6Mbps", "MP4", (1920, 1080), 24, 6_000_000, "VBR", True),
        ("System-Ott_Dash_Mp4_Avc_16x9_640x360p_30Hz_1.2Mbps", "MPD", (640, 360), 30, 1_200_000, "VBR", False),
        (f"{CMAF}1280x720p_30Hz_5Mbps_Qvbr_Vq8", "CMFC", (1280, 720), 30, 5_000_000, "QVBR", False),
        (f"{CMAF}416x234p_30Hz_0.36Mbps_Cbr", "CMFC", (416, 234), 30, 360_000, "CBR", False),
        (
            "System-Generic_Hd_Mp4_Av1_Aac_16x9_640x360p_24Hz_250Kbps_Qvbr_Vq6",
            "MP4",
            (640, 360),
            24,
            250_000,
            "QVBR",
            True,
        ),
        ("System-Avc_16x9_720p_29_97fps_3500kbps", "M3U8", (1280, 720), NTSC, 3_500_000, "VBR", True),
        ("System-Avc_4x3_240p_14_99fps_400kbps", "M3U8", (320, 240), NTSC / 2, 400_000, "VBR", True),
    ],
)
def test_names_of_system_presets(
    name: str,
    container: str,
    size: tuple[int, int],
    rate: Fraction | None,
    bit_rate: int,
    control: str,
    sound: bool,
) -> None:
    found = read_name(name)
    assert found is not None
    assert (found.container, (found.width, found.height)) == (container, size)
    assert (found.frame_rate, found.bit_rate) == (rate, bit_rate)
    assert (found.control, found.sound) == (control, sound)


def test_system_preset_of_sound_alone_has_no_picture() -> None:
    contents = system_preset("System-Ott_Cmaf_Cmfc_Aac_He_96Kbps")
    assert contents is not None
    assert set(contents) == {"containerSettings", "audioDescriptions"}
    assert contents["audioDescriptions"][0]["codecSettings"]["aacSettings"]["bitrate"] == 96_000


@pytest.mark.parametrize(
    "name",
    [
        "",
        "System-",
        "Other_16x9_480x270p_0.4Mbps",
        "System-Ott_16x9_1x1p_1Mbps",
        "System-Ott_Hls_Ts_Aac_16x9_640x360p_1.2Mbps",
        "System-Broadcast_Xdcam_Mxf_Mpeg2_Wav_16x9_1280x720p_60Hz_50Mbps",
        "System-Generic_Hd_Mp4_Vp9_Aac_16x9_1280x720p_24Hz_3Mbps",
        "System-Ott_Cmaf_Cmfc_Hevc_16x9_Hdr10_1280x720p_30Hz_3Mbps_Qvbr_Vq9",
        "System-Ott",
        "System-Avc_16x9_1080p_29_97fps_8Mbps",
        "System-Ott_Cmaf_Cmfc_Aac_96Kbps",
    ],
)
def test_other_names_are_no_system_presets(name: str) -> None:
    assert system_preset(name) is None


GROUPS = {
    "M3U8": ("HLS_GROUP_SETTINGS", "hlsGroupSettings", {"segmentLength": 6, "minSegmentLength": 0}),
    "MPD": ("DASH_ISO_GROUP_SETTINGS", "dashIsoGroupSettings", {"segmentLength": 6, "fragmentLength": 2}),
    "CMFC": ("CMAF_GROUP_SETTINGS", "cmafGroupSettings", {"segmentLength": 6, "fragmentLength": 2}),
    "MP4": ("FILE_GROUP_SETTINGS", "fileGroupSettings", {}),
}


@pytest.mark.parametrize("name", system_preset_names())
def test_every_listed_system_preset_makes_a_job_that_is_accepted(name: str) -> None:
    settings = wire(simple())
    contents = system_preset(name)
    assert contents is not None
    kind, member, members = GROUPS[contents["containerSettings"]["container"]]
    group = settings["outputGroups"][0]
    group["outputGroupSettings"] = {"type": kind, member: members | {"destination": "s3://bucket/x"}}
    group["outputs"] = [contents]
    assert problems(request({}) | {"settings": settings}) == []


@pytest.mark.parametrize("name", system_template_names())
def test_system_template_with_its_presets_makes_a_ladder_that_is_accepted(name: str) -> None:
    settings = system_template(name)
    assert settings is not None
    (group,) = settings["outputGroups"]
    (member,) = set(group["outputGroupSettings"]) - {"type"}
    here = {"outputGroupSettings": {member: {"destination": "s3://bucket/x"}}, "outputs": []}
    call = merge_template(
        {"settings": {"inputs": [{"fileInput": "s3://bucket/in.mp4"}], "outputGroups": [here]}}, {"settings": settings}
    )
    resolved = apply_presets(call["settings"], lambda preset: system_preset(preset) or {})
    assert problems(request({}) | {"settings": resolved}) == []
    assert len(resolved["outputGroups"][0]["outputs"]) >= 6


def outputs_of(template: str) -> tuple[Json, list[Json]]:
    """Group settings and outputs of a system job template."""
    settings = system_template(template)
    assert settings is not None
    (group,) = settings["outputGroups"]
    (member,) = set(group["outputGroupSettings"]) - {"type"}
    return group["outputGroupSettings"][member], group["outputs"]


def test_the_hls_template_names_its_files_as_players_link_them() -> None:
    settings, outputs = outputs_of("System-Ott_Hls_Ts_Avc_Aac")
    assert [output["nameModifier"].removeprefix("_Ott_Hls_Ts_Avc_Aac_16x9_") for output in outputs] == [
        "480x270p_15Hz_400Kbps", "640x360p_30Hz_600Kbps", "640x360p_30Hz_1200Kbps", "960x540p_30Hz_3500Kbps",
        "1280x720p_30Hz_3500Kbps", "1280x720p_30Hz_5000Kbps", "1280x720p_30Hz_6500Kbps", "1920x1080p_30Hz_8500Kbps",
    ]  # fmt: skip
    assert outputs[0]["preset"] == f"{LADDER}480x270p_15Hz_0.4Mbps"
    assert (settings["segmentLength"], settings["manifestDurationFormat"]) == (3, "INTEGER")


def test_the_cmaf_template_has_whole_seconds_in_its_playlists() -> None:
    settings, outputs = outputs_of("System-Ott_Cmaf_Cmfc_Avc_Aac_Sdr_Qvbr")
    assert (settings["segmentLength"], settings["manifestDurationFormat"]) == (30, "INTEGER")
    assert outputs[0]["nameModifier"] == "_Ott_Cmaf_Cmfc_Avc_16x9_Sdr_1920x1080p_30Hz_10000Kbps_Qvbr_Vq9"
    assert [output["nameModifier"] for output in outputs[-2:]] == [
        "_Ott_Cmaf_Cmfc_Aac_He_96Kbps",
        "_Ott_Cmaf_Cmfc_Aac_He_64Kbps",
    ]


def test_the_template_of_avc_and_hevc_files_is_the_one_of_the_aws_documentation() -> None:
    _, outputs = outputs_of("System-Generic_Mp4_Hev1_Avc_Aac_Sdr_Qvbr")
    found = [(output["extension"], output["nameModifier"].removeprefix("_Generic_")) for output in outputs]
    assert found == [
        ("mp4", "Hd_Mp4_Avc_Aac_16x9_Sdr_1280x720p_30Hz_5000Kbps_Qvbr_Vq9"),
        ("mp4", "Hd_Mp4_Avc_Aac_16x9_Sdr_1920x1080p_30Hz_10000Kbps_Qvbr_Vq9"),
        ("mp4", "Sd_Mp4_Avc_Aac_16x9_Sdr_640x360p_30Hz_800Kbps_Qvbr_Vq7"),
        ("mp4", "Hd_Mp4_Hev1_Aac_16x9_Sdr_1280x720p_30Hz_4000Kbps_Qvbr_Vq9"),
        ("mp4", "Hd_Mp4_Hev1_Aac_16x9_Sdr_1920x1080p_30Hz_8000Kbps_Qvbr_Vq9"),
        ("mp4", "Uhd_Mp4_Hev1_Aac_16x9_Sdr_3840x2160p_30Hz_12000Kbps_Qvbr_Vq9"),
    ]
    assert outputs[2]["preset"] == "System-Generic_Sd_Mp4_Avc_Aac_16x9_Sdr_640x360p_30Hz_0.8Mbps_Qvbr_Vq7"


def test_the_template_of_progressive_files_keeps_the_presets_words() -> None:
    _, outputs = outputs_of("System-Generic_Mp4_Progressive")
    assert all(output["preset"] == f"System-{output['nameModifier'].removeprefix('_')}" for output in outputs)
    assert [output["nameModifier"].rpartition("_")[2] for output in outputs] == [
        "8Mbps", "4.5Mbps", "3.0Mbps", "6Mbps", "4.5Mbps", "1.5Mbps",
    ]  # fmt: skip
    codecs = [(system_preset(output["preset"]) or {})["videoDescription"]["codecSettings"] for output in outputs]
    assert [codec["codec"] for codec in codecs] == ["H_265"] * 3 + ["H_264"] * 3


def test_a_preset_s_name_says_its_codec() -> None:
    av1 = system_preset("System-Generic_Hd_Mp4_Av1_Aac_16x9_1920x1080p_30Hz_5Mbps_Qvbr_Vq7")
    assert av1 is not None
    assert av1["videoDescription"]["codecSettings"] == {
        "codec": "AV1",
        "av1Settings": {
            "rateControlMode": "QVBR",
            "maxBitrate": 5_000_000,
            "qvbrSettings": {"qvbrQualityLevel": 7},
            "gopSize": 90,
            "framerateControl": "SPECIFIED",
            "framerateNumerator": 30,
            "framerateDenominator": 1,
        },
    }
