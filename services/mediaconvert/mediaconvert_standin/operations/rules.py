"""Rules between settings that the service model does not state (messages as observed)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isqrt
from typing import Any

from mediaconvert_standin.protocol.schema import raise_problems

Json = dict[str, Any]

MAX_INPUTS = 150
MAX_METADATA_PAIRS = 10
MAX_METADATA_KEY = 128
MAX_METADATA_VALUE = 256
MAX_TAGS = 50
MAX_TOKEN_LENGTH = 64

_GROUP_CONTAINERS = {
    "HLS_GROUP_SETTINGS": {"M3U8", "RAW"},
    "DASH_ISO_GROUP_SETTINGS": {"MPD", "CMFC"},
    "CMAF_GROUP_SETTINGS": {"CMFC"},
    "MS_SMOOTH_GROUP_SETTINGS": {"ISMV"},
}
_ABR_CONTAINERS = {"M3U8", "MPD", "CMFC", "ISMV"}

# (lowest, highest) bit/s of CBR AAC LC by sample rate. Source: "AAC codec settings" of the user guide.
_AAC_LC_MONO = {
    8000: (8000, 14000),
    12000: (8000, 14000),
    16000: (8000, 28000),
    22050: (24000, 28000),
    24000: (24000, 28000),
    32000: (32000, 192000),
    44100: (56000, 256000),
    48000: (56000, 288000),
    88200: (288000, 288000),
    96000: (128000, 288000),
}
_AAC_LC_STEREO = {
    8000: (16000, 20000),
    12000: (16000, 20000),
    16000: (16000, 32000),
    22050: (32000, 32000),
    24000: (32000, 32000),
    32000: (40000, 384000),
    44100: (64000, 512000),
    48000: (64000, 576000),
}
_AAC_LC = {"CODING_MODE_1_0": _AAC_LC_MONO, "CODING_MODE_2_0": _AAC_LC_STEREO}

# Level: (MaxFS in macroblocks, MaxBR in 1000 bit/s). Source: ITU-T H.264 table A-1.
_H264_LEVELS = {
    "LEVEL_1": (99, 64),
    "LEVEL_1_1": (396, 192),
    "LEVEL_1_2": (396, 384),
    "LEVEL_1_3": (396, 768),
    "LEVEL_2": (396, 2000),
    "LEVEL_2_1": (792, 4000),
    "LEVEL_2_2": (1620, 4000),
    "LEVEL_3": (1620, 10000),
    "LEVEL_3_1": (3600, 14000),
    "LEVEL_3_2": (5120, 20000),
    "LEVEL_4": (8192, 20000),
    "LEVEL_4_1": (8192, 50000),
    "LEVEL_4_2": (8704, 50000),
    "LEVEL_5": (22080, 135000),
    "LEVEL_5_1": (36864, 240000),
    "LEVEL_5_2": (36864, 240000),
}
_BITS_PER_MAX_BR = 1200
_FILM_RATE = (24000, 1001)
# Codecs that have no quality mode: they need a rate.
_BITRATE_SETTINGS = {"MPEG2": "mpeg2Settings", "VP8": "vp8Settings", "VP9": "vp9Settings"}


def check_rules(request: Json) -> None:
    """Raise BadRequest with every broken rule. The request already fits the model."""
    raise_problems(_broken_rules(request))


def check_outputs(outputs: Iterable[tuple[str, str, Json]]) -> None:
    """Raise BadRequest with every broken rule of outputs, or of presets, on their own.

    Each is (pointer, type of its group or empty, contents) and already fits the model.
    """
    raise_problems(problem for pointer, kind, output in outputs for problem in _lone_output(output, kind, pointer))


def _lone_output(output: Json, group_type: str, pointer: str) -> Iterator[str]:
    if group_type:
        yield from _output(output, group_type, pointer, automated=False)
        return
    if output.get("videoDescription") is not None:
        yield from _video(output["videoDescription"], f"{pointer}/videoDescription", automated=False)
    for index, audio in enumerate(output.get("audioDescriptions") or []):
        yield from _audio(audio, f"{pointer}/audioDescriptions/{index}")


def _broken_rules(request: Json) -> Iterator[str]:
    yield from _request_limits(request)
    settings = request["settings"]
    inputs = settings.get("inputs") or []
    if not inputs:
        yield "/inputs: Should have at least 1 items"
    if len(inputs) > MAX_INPUTS:
        yield f"/inputs: Should have at most {MAX_INPUTS} items"
    groups = settings.get("outputGroups") or []
    if not groups:
        yield "/outputGroups: Should have at least 1 items"
    for index, group in enumerate(groups):
        yield from _group(group, f"/outputGroups/{index}")
    if groups and all(_is_frame_capture(output) for group in groups for output in group.get("outputs") or []):
        yield "/outputGroups: Frame capture can not be the only output of a job. Add another output and resubmit."
    if groups and not any(output.get("videoDescription") for group in groups for output in group.get("outputs") or []):
        yield from _lone_sidecars(groups)


def _lone_sidecars(groups: list[Json]) -> Iterator[str]:
    for index, group in enumerate(groups):
        kind = (group.get("outputGroupSettings") or {}).get("type")
        if kind == "FILE_GROUP_SETTINGS" and any(
            output.get("captionDescriptions") for output in group.get("outputs") or []
        ):
            yield (
                f"/outputGroups/{index}: Sidecar captions need a video output in the same job. "
                "Add a video output and resubmit."
            )


def _request_limits(request: Json) -> Iterator[str]:
    metadata = request.get("userMetadata") or {}
    if len(metadata) > MAX_METADATA_PAIRS:
        yield f"/userMetadata: Should have at most {MAX_METADATA_PAIRS} properties"
    for key, value in metadata.items():
        if not 1 <= len(key) <= MAX_METADATA_KEY or len(value) > MAX_METADATA_VALUE:
            yield (
                f"/userMetadata: Keys should have 1 to {MAX_METADATA_KEY} characters "
                f"and values at most {MAX_METADATA_VALUE}"
            )
            break
    if len(request.get("tags") or {}) > MAX_TAGS:
        yield f"/tags: Should have at most {MAX_TAGS} properties"
    token = request.get("clientRequestToken") or ""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        yield f"/clientRequestToken: Should be at most {MAX_TOKEN_LENGTH} ASCII characters"


def _group(group: Json, pointer: str) -> Iterator[str]:
    if not group.get("outputGroupSettings"):
        yield f"{pointer}: outputGroupSettings is a required property"
        return
    settings = group["outputGroupSettings"]
    yield from _discriminated(settings, "type", f"{pointer}/outputGroupSettings", also=("perFrameMetrics",))
    outputs = group.get("outputs") or []
    if not outputs:
        yield f"{pointer}/outputs: Should have at least 1 items"
    automated = "automatedEncodingSettings" in group
    for index, output in enumerate(outputs):
        yield from _output(output, settings.get("type", ""), f"{pointer}/outputs/{index}", automated=automated)


def _output(output: Json, group_type: str, pointer: str, *, automated: bool) -> Iterator[str]:
    container = (output.get("containerSettings") or {}).get("container")
    if output.get("preset"):
        if output.get("containerSettings"):
            yield f"{pointer}: Specify either preset or containerSettings, but not both"
        return
    if container is None:
        yield f"{pointer}: containerSettings is a required property"
        return
    allowed = _GROUP_CONTAINERS.get(group_type)
    if (allowed and container not in allowed) or (not allowed and container in _ABR_CONTAINERS):
        yield f"{pointer}/containerSettings/container: {container} is not valid in an output group of type {group_type}"
    video = output.get("videoDescription")
    if video is not None:
        yield from _video(video, f"{pointer}/videoDescription", automated=automated)
    for index, audio in enumerate(output.get("audioDescriptions") or []):
        yield from _audio(audio, f"{pointer}/audioDescriptions/{index}")


def _video(video: Json, pointer: str, *, automated: bool) -> Iterator[str]:
    codec_settings = video.get("codecSettings")
    if codec_settings is None:
        yield f"{pointer}: codecSettings is a required property"
        return
    yield from _discriminated(codec_settings, "codec", f"{pointer}/codecSettings")
    codec = codec_settings.get("codec")
    yield from _inverse_telecine(video, codec_settings, pointer)
    if codec in _BITRATE_SETTINGS:
        inside = _BITRATE_SETTINGS[codec]
        yield from _required(codec_settings.get(inside) or {}, ("bitrate",), f"{pointer}/codecSettings/{inside}")
    name = {"H_264": "h264Settings", "H_265": "h265Settings"}.get(codec or "")
    if name is None:
        return
    settings = codec_settings.get(name) or {}
    yield from _rate_control(settings, f"{pointer}/codecSettings/{name}", automated=automated)
    if codec == "H_264":
        yield from _h264(settings, video, pointer)


def _inverse_telecine(video: Json, codec_settings: Json, pointer: str) -> Iterator[str]:
    deinterlacer = (video.get("videoPreprocessors") or {}).get("deinterlacer") or {}
    if deinterlacer.get("mode") != "INVERSE_TELECINE":
        return
    settings: Json = next((value for name, value in codec_settings.items() if name.endswith("Settings")), {})
    rate = settings.get("framerateNumerator"), settings.get("framerateDenominator")
    if settings.get("framerateControl") != "SPECIFIED" or rate != _FILM_RATE:
        yield (
            f"{pointer}/videoPreprocessors/deinterlacer/mode: INVERSE_TELECINE needs an output frame rate of 23.976. "
            "Adjust the frame rate and resubmit your job."
        )


def _rate_control(settings: Json, pointer: str, *, automated: bool) -> Iterator[str]:
    mode = settings.get("rateControlMode")
    if mode is None:
        yield f"{pointer}: rateControlMode is a required property"
    if mode == "QVBR" and "maxBitrate" not in settings and not automated:
        yield f"{pointer}: maxBitrate is a required property"
    if mode in ("CBR", "VBR") and "bitrate" not in settings:
        yield f"{pointer}: bitrate is a required property"
    clash = {"QVBR": "bitrate", "CBR": "maxBitrate"}.get(mode or "", "")
    if clash in settings:
        yield f"{pointer}: You can not specify {clash} when rateControlMode is {mode}. Remove it and resubmit your job."
    qvbr = settings.get("qvbrSettings") or {}
    if qvbr and mode != "QVBR":
        yield f"{pointer}: Should match all dependencies: See other errors for more details"
        yield f"{pointer}/rateControlMode: Must be QVBR"
    if "maxAverageBitrate" in qvbr and settings.get("qualityTuningLevel") != "MULTI_PASS_HQ":
        yield f"{pointer}: Should match all dependencies: See other errors for more details"
        yield f"{pointer}/qualityTuningLevel: Must be MULTI_PASS_HQ"


def _h264(settings: Json, video: Json, pointer: str) -> Iterator[str]:
    inside = f"{pointer}/codecSettings/h264Settings"
    if settings.get("codecProfile") == "BASELINE" and settings.get("entropyEncoding") != "CAVLC":
        yield f'{inside}: Should match exactly one schema defined in "oneOf"'
    if settings.get("framerateControl") == "SPECIFIED":
        yield from _required(settings, ("framerateNumerator", "framerateDenominator"), inside)
    if settings.get("parControl") == "SPECIFIED":
        yield from _required(settings, ("parNumerator", "parDenominator"), inside)
    level = _H264_LEVELS.get(settings.get("codecLevel", ""))
    if level is None:
        return
    max_bitrate = _BITS_PER_MAX_BR * level[1]
    if settings.get("maxBitrate", 0) > max_bitrate:
        yield f"{inside}/maxBitrate: Should be less than or equal to {max_bitrate}"
    if "width" in video and "height" in video:
        widest = h264_max_width(level[0], video["height"])
        if video["width"] > widest:
            yield f"{pointer}/width: Should be less than or equal to {widest}"


def h264_max_width(max_fs: int, height: int) -> int:
    """Widest frame in pixels of an H.264 level for a height (formula inferred from observed limits)."""
    return 16 * min(isqrt(8 * max_fs), max_fs // -(-height // 16))


def _audio(audio: Json, pointer: str) -> Iterator[str]:
    codec_settings = audio.get("codecSettings")
    if codec_settings is None:
        yield f"{pointer}: codecSettings is a required property"
        return
    inside = f"{pointer}/codecSettings"
    yield from _discriminated(codec_settings, "codec", inside)
    if codec_settings.get("codec") == "AAC":
        yield from _aac(codec_settings.get("aacSettings") or {}, f"{inside}/aacSettings")


def _aac(settings: Json, pointer: str) -> Iterator[str]:
    yield from _required(settings, ("codingMode", "sampleRate"), pointer)
    if settings.get("rateControlMode", "CBR") != "CBR" or settings.get("codecProfile", "LC") != "LC":
        return
    rates = _AAC_LC.get(settings.get("codingMode", ""), {})
    bitrate, bounds = settings.get("bitrate"), rates.get(settings.get("sampleRate", 0))
    if bitrate is not None and bounds is not None and not bounds[0] <= bitrate <= bounds[1]:
        yield (
            f"{pointer}: The bitrate {bitrate} is not valid for profile LC, coding mode {settings['codingMode']} and "
            f"sample rate {settings['sampleRate']}. Valid values are from {bounds[0]} to {bounds[1]}. "
            "Adjust the bitrate and resubmit your job."
        )


def _required(settings: Json, names: tuple[str, ...], pointer: str) -> Iterator[str]:
    yield from (f"{pointer}: {name} is a required property" for name in names if name not in settings)


def _discriminated(settings: Json, key: str, pointer: str, also: tuple[str, ...] = ()) -> Iterator[str]:
    """An object like ``{"codec": "H_264", "h264Settings": {…}}``: one settings object, of the named kind."""
    objects = [name for name in settings if name not in (key, *also)]
    if len(objects) > 1:
        yield f"{pointer}: Should have at most 2 properties"
        return
    if key not in settings:
        yield f"{pointer}: {key} is a required property"
        return
    if objects and _plain(objects[0]) != _plain(settings[key]):
        yield f"{pointer}/{key}: Must be {_discriminator(objects[0])}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower().removesuffix("settings")


def _discriminator(name: str) -> str:
    """``h264Settings`` → ``H_264``, ``hlsGroupSettings`` → ``HLS_GROUP_SETTINGS``."""
    known = {"h264Settings": "H_264", "h265Settings": "H_265"}
    if name in known:
        return known[name]
    spaced = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
    return spaced if "GROUP" in spaced else spaced.removesuffix("_SETTINGS")


def _is_frame_capture(output: Json) -> bool:
    video = output.get("videoDescription") or {}
    return bool((video.get("codecSettings") or {}).get("codec") == "FRAME_CAPTURE")
