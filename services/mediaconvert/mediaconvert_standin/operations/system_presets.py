"""System presets and job templates, made from their names.

The service's own contents are not published; the names follow a grammar, ``System-<family>_<package>_
<container>_<video codec>[_<audio codec>]_<aspect>_<W>x<H>p[_<F>Hz]_<M>Mbps``. Size, frame rate and bit rate are
what the name says, the rest is what such a rendition has everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PREFIX = "System-"
_GRAMMAR = re.compile(
    r"System-(?P<family>Ott|Generic|Broadcast|Web|Avc|Hevc)"
    r"_(?P<words>[A-Za-z0-9_]*?)"
    r"_?(?P<width>\d{3,4})x(?P<height>\d{3,4})p"
    r"(?:_(?P<rate>\d{2})Hz)?"
    r"_(?P<mbps>\d{1,3}(?:\.\d{1,2})?)Mbps(?P<qvbr>_Qvbr(?:_Vq(?P<quality>\d{1,2}))?)?"
)
_CONTAINERS = {"ts": "M3U8", "cmfc": "CMFC", "mp4": "MP4", "mov": "MOV", "mpd": "MPD"}
_HEVC_WORDS = {"hevc", "h265"}
_SMALLEST_HIGH_PROFILE = 540  # lines; below, MAIN
_LADDER_FAMILY = "System-Ott_Hls_Ts_Avc_Aac"
_ASPECT = "16x9"
_SEGMENT_SECONDS = 10
# (width, height, Mb/s, Hz of the variant with a fixed rate): the presets that public job documents name.
_LADDER = (
    (480, 270, "0.4", 15),
    (640, 360, "0.6", 30),
    (640, 360, "1.2", 30),
    (960, 540, "3.5", 30),
    (1280, 720, "3.5", 30),
    (1280, 720, "5.0", 30),
    (1280, 720, "6.5", 30),
    (1920, 1080, "8.5", 30),
)
# Highest video bit rate in Mb/s for which an audio rate in bit/s is enough.
_AUDIO_RATES = ((0.6, 64_000), (6.5, 96_000), (1000.0, 128_000))


@dataclass(frozen=True)
class Rendition:
    """What the name of a preset says."""

    container: str
    hevc: bool
    width: int
    height: int
    frames_per_second: int | None
    bit_rate: int
    quality: int | None  # QVBR level where the name asks for QVBR


def system_preset(name: str) -> Json | None:
    """Settings of a system preset, None for a name that is none."""
    rendition = read_name(name)
    return None if rendition is None else _settings(rendition)


def system_preset_names() -> list[str]:
    """Those that ListPresets shows; others resolve too if their names follow the grammar."""
    return sorted(
        f"{_LADDER_FAMILY}_{_ASPECT}_{width}x{height}p{hertz}_{mbps}Mbps"
        for width, height, mbps, rate in _LADDER
        for hertz in ("", f"_{rate}Hz")
    )


def system_template(name: str) -> Json | None:
    """Settings of the system job template for HLS: a group with an output per preset of its family."""
    if name not in system_template_names():
        return None
    outputs = [
        {
            "preset": f"{_LADDER_FAMILY}_{_ASPECT}_{width}x{height}p_{mbps}Mbps",
            "nameModifier": f"_{width}x{height}_{mbps.replace('.', '-')}",
        }
        for width, height, mbps, _ in reversed(_LADDER)
    ]
    group = {
        "name": "Apple HLS",
        "outputGroupSettings": {
            "type": "HLS_GROUP_SETTINGS",
            "hlsGroupSettings": {"segmentLength": _SEGMENT_SECONDS, "minSegmentLength": 0},
        },
        "outputs": outputs,
    }
    selectors = {"Audio Selector 1": {"defaultSelection": "DEFAULT"}}
    return {"inputs": [{"audioSelectors": selectors, "videoSelector": {}}], "outputGroups": [group]}


def system_template_names() -> list[str]:
    return [_LADDER_FAMILY]


def read_name(name: str) -> Rendition | None:
    match = _GRAMMAR.fullmatch(name)
    if match is None:
        return None
    words = {word.lower() for word in match["words"].split("_")} | {match["family"].lower()}
    qvbr = match["qvbr"] is not None
    return Rendition(
        container=_container(words),
        hevc=bool(words & _HEVC_WORDS),
        width=int(match["width"]),
        height=int(match["height"]),
        frames_per_second=int(match["rate"]) if match["rate"] else None,
        bit_rate=round(float(match["mbps"]) * 1_000_000),
        quality=min(10, max(1, int(match["quality"] or 7))) if qvbr else None,
    )


def _container(words: set[str]) -> str:
    if "dash" in words:
        return "MPD"
    if "cmaf" in words:
        return "CMFC"
    return next((container for word, container in _CONTAINERS.items() if word in words), "MP4")


def _settings(rendition: Rendition) -> Json:
    container: Json = {"container": rendition.container}
    if rendition.container == "M3U8":
        container["m3u8Settings"] = {
            "pmtPid": 480,
            "videoPid": 481,
            "audioPids": [482],
            "privateMetadataPid": 503,
        }
    return {
        "containerSettings": container,
        "videoDescription": {
            "width": rendition.width,
            "height": rendition.height,
            "codecSettings": _codec(rendition),
        },
        "audioDescriptions": [_audio(rendition)],
    }


def _codec(rendition: Rendition) -> Json:
    rate = rendition.frames_per_second
    common: Json = {
        **_rate_control(rendition),
        "gopSize": 90 if rate is None or rate >= 30 else 3 * rate,
        "gopSizeUnits": "FRAMES",
        "gopClosedCadence": 1,
        "numberBFramesBetweenReferenceFrames": 3,
        "numberReferenceFrames": 3,
        "hrdBufferSize": 2 * rendition.bit_rate,
        "interlaceMode": "PROGRESSIVE",
        "parControl": "SPECIFIED",
        "parNumerator": 1,
        "parDenominator": 1,
        "framerateControl": "INITIALIZE_FROM_SOURCE" if rate is None else "SPECIFIED",
    }
    if rate is not None:
        common |= {"framerateNumerator": rate, "framerateDenominator": 1}
    if rendition.hevc:
        return {"codec": "H_265", "h265Settings": {**common, "codecProfile": "MAIN_MAIN"}}
    profile = "HIGH" if rendition.height >= _SMALLEST_HIGH_PROFILE else "MAIN"
    return {"codec": "H_264", "h264Settings": {**common, "codecProfile": profile, "entropyEncoding": "CABAC"}}


def _rate_control(rendition: Rendition) -> Json:
    tuning = {"qualityTuningLevel": "SINGLE_PASS_HQ"}
    if rendition.quality is None:
        return {**tuning, "rateControlMode": "VBR", "bitrate": rendition.bit_rate, "maxBitrate": rendition.bit_rate}
    quality = {"qvbrQualityLevel": rendition.quality}
    return {**tuning, "rateControlMode": "QVBR", "maxBitrate": rendition.bit_rate, "qvbrSettings": quality}


def _audio(rendition: Rendition) -> Json:
    mbps = rendition.bit_rate / 1_000_000
    bit_rate = next(rate for limit, rate in _AUDIO_RATES if mbps <= limit)
    aac = {"bitrate": bit_rate, "codingMode": "CODING_MODE_2_0", "sampleRate": 48_000}
    return {"codecSettings": {"codec": "AAC", "aacSettings": aac}}
