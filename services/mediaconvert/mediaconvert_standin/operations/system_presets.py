"""System presets and job templates, made from their names.

The service's own contents are not published; the names follow three grammars: ``System-<family>_<package>_
<container>_<video codec>[_<audio codec>]_<aspect>[_Sdr]_<W>x<H>p[_<F>Hz]_<M>Mbps|<K>Kbps[_Cbr|_Qvbr_Vq<L>]``; sound
alone, ``System-Ott_<package>_<container>_Aac_He_<K>Kbps``; and the oldest, for HLS, ``System-Avc_<aspect>_<H>p_<F>_
<f>fps_<K>kbps``. Size, codec, frame rate, bit rate and whether there is sound are what the name says, the rest is what
such a rendition has everywhere. A name with a word that is not known here, another codec or container, is none: it
would get what it does not say. Outputs and group settings of the job templates are those of public jobs made from
them, and of ``list-job-templates`` and ``AWS::MediaConvert::JobTemplate`` in the AWS documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mediaconvert_standin.state.library import SYSTEM_PREFIX

Json = dict[str, Any]

_RENDITION = re.compile(
    r"System-(?P<family>Ott|Generic)"
    r"_(?P<words>[A-Za-z0-9_]*?)"
    r"_?(?P<width>\d{3,4})x(?P<height>\d{3,4})p"
    r"(?:_(?P<rate>\d{2})Hz)?"
    r"_(?:(?P<mbps>\d{1,3}(?:\.\d{1,2})?)Mbps|(?P<kbps>\d{2,6})Kbps)(?:_(?P<control>Cbr|Qvbr(?:_Vq(?P<quality>\d{1,2}))?))?"
)
_SOUND_ALONE = re.compile(
    r"System-Ott_(?P<words>Cmaf_Cmfc|Dash_Mp4|Hls_Ts)_Aac_(?P<profile>He|Lc)_(?P<kbps>\d{2,3})Kbps"
)
_OLD_RENDITION = re.compile(
    r"System-Avc_(?P<aspect>16x9|4x3)_(?P<height>\d{3,4})p_(?P<whole>\d{2})_(?P<part>\d{2})fps_(?P<kbps>\d{3,5})kbps"
)
_ASPECTS = {"16x9": Fraction(16, 9), "4x3": Fraction(4, 3)}
_CONTAINERS = {"ts": "M3U8", "cmfc": "CMFC", "mp4": "MP4", "mov": "MOV", "mpd": "MPD"}
_CODECS = {"avc": "H_264", "hevc": "H_265", "hev1": "H_265", "av1": "AV1"}
_SOUND = "aac"
# Words that change nothing: package, size class, aspect and SDR, which is what there is without a word for it.
_OTHER_WORDS = frozenset({"hls", "dash", "cmaf", "sd", "hd", "uhd", "16x9", "9x16", "4x3", "1x1", "sdr"})
_SMALLEST_HIGH_PROFILE = 540  # lines; below, MAIN
_SETTINGS_OF_HLS: Json = {
    "segmentLength": 3,
    "minSegmentLength": 0,
    "segmentControl": "SEGMENTED_FILES",
    "directoryStructure": "SINGLE_DIRECTORY",
    "outputSelection": "MANIFESTS_AND_SEGMENTS",
    "manifestDurationFormat": "INTEGER",
    "manifestCompression": "NONE",
    "streamInfResolution": "INCLUDE",
    "codecSpecification": "RFC_4281",
    "clientCache": "ENABLED",
    "captionLanguageSetting": "OMIT",
    "programDateTime": "EXCLUDE",
    "programDateTimePeriod": 600,
    "timedMetadataId3Frame": "PRIV",
    "timedMetadataId3Period": 10,
}
_SETTINGS_OF_CMAF: Json = {
    "segmentLength": 30,
    "fragmentLength": 3,
    "segmentControl": "SEGMENTED_FILES",
    "writeHlsManifest": "ENABLED",
    "writeDashManifest": "ENABLED",
    "manifestDurationFormat": "INTEGER",
    "manifestCompression": "NONE",
    "streamInfResolution": "INCLUDE",
    "codecSpecification": "RFC_4281",
    "clientCache": "ENABLED",
}
_HLS_FAMILY = "System-Ott_Hls_Ts_Avc_Aac"
_DASH_FAMILY = "System-Ott_Dash_Mp4_Avc"
_CMAF_FAMILY = "System-Ott_Cmaf_Cmfc_Avc"
_ASPECT = "16x9"
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
# (width, height, Mb/s, QVBR level) of CMAF, in the order of the job template.
_CMAF_LADDER = (
    (1920, 1080, "10", 9),
    (1920, 1080, "8", 8),
    (1440, 810, "6", 9),
    (1440, 810, "5", 7),
    (1280, 720, "5", 9),
    (1280, 720, "4", 7),
    (960, 540, "2.5", 7),
    (768, 432, "1.2", 7),
    (640, 360, "0.8", 7),
    (416, 234, "0.36", 7),
)
_CMAF_SOUNDS = ("System-Ott_Cmaf_Cmfc_Aac_He_96Kbps", "System-Ott_Cmaf_Cmfc_Aac_He_64Kbps")
_DASH_SOUND = "System-Ott_Dash_Mp4_Aac_He_96Kbps"
# The outputs of the job templates for files, in their order.
_PROGRESSIVE = (
    "System-Generic_Uhd_Mp4_Hevc_Aac_16x9_3840x2160p_24Hz_8Mbps",
    "System-Generic_Hd_Mp4_Hevc_Aac_16x9_1920x1080p_24Hz_4.5Mbps",
    "System-Generic_Hd_Mp4_Hevc_Aac_16x9_1280x720p_24Hz_3.0Mbps",
    "System-Generic_Hd_Mp4_Avc_Aac_16x9_1920x1080p_24Hz_6Mbps",
    "System-Generic_Hd_Mp4_Avc_Aac_16x9_1280x720p_24Hz_4.5Mbps",
    "System-Generic_Sd_Mp4_Avc_Aac_4x3_640x480p_24Hz_1.5Mbps",
)
_AVC_AND_HEV1 = (
    "System-Generic_Hd_Mp4_Avc_Aac_16x9_Sdr_1280x720p_30Hz_5Mbps_Qvbr_Vq9",
    "System-Generic_Hd_Mp4_Avc_Aac_16x9_Sdr_1920x1080p_30Hz_10Mbps_Qvbr_Vq9",
    "System-Generic_Sd_Mp4_Avc_Aac_16x9_Sdr_640x360p_30Hz_0.8Mbps_Qvbr_Vq7",
    "System-Generic_Hd_Mp4_Hev1_Aac_16x9_Sdr_1280x720p_30Hz_4Mbps_Qvbr_Vq9",
    "System-Generic_Hd_Mp4_Hev1_Aac_16x9_Sdr_1920x1080p_30Hz_8Mbps_Qvbr_Vq9",
    "System-Generic_Uhd_Mp4_Hev1_Aac_16x9_Sdr_3840x2160p_30Hz_12Mbps_Qvbr_Vq9",
)
_OLD_LADDER = ((270, 400), (360, 600), (360, 1200), (540, 3500), (720, 3500), (720, 5000), (720, 6500), (1080, 8500))
# Highest video bit rate in Mb/s for which an audio rate in bit/s is enough.
_AUDIO_RATES = ((0.6, 64_000), (6.5, 96_000), (1000.0, 128_000))


@dataclass(frozen=True)
class Rendition:
    """What the name of a preset with pictures says."""

    container: str
    codec: str  # H_264, H_265, AV1
    width: int
    height: int
    frame_rate: Fraction | None
    bit_rate: int
    control: str  # VBR, CBR, QVBR
    quality: int | None  # QVBR level
    sound: bool


def system_preset(name: str) -> Json | None:
    """Settings of a system preset, None for a name that is none."""
    sound = _SOUND_ALONE.fullmatch(name)
    if sound is not None:
        container = _container({word.lower() for word in sound["words"].split("_")})
        profile = "HEV1" if sound["profile"] == "He" else "LC"
        return {
            "containerSettings": _container_settings(container),
            "audioDescriptions": [_audio(int(sound["kbps"]) * 1000, profile)],
        }
    rendition = read_name(name)
    return None if rendition is None else _settings(rendition)


def system_preset_names() -> list[str]:
    """Those that ListPresets shows; others resolve too if their names follow the grammar."""
    made = {f"{family}_{name}" for family in (_HLS_FAMILY, _DASH_FAMILY) for name in _ladder_names()}
    made |= {*_PROGRESSIVE, *_AVC_AND_HEV1}
    made |= {preset for control in ("Cbr", "Qvbr") for preset, _ in _cmaf_outputs(control)}
    made |= {f"System-Avc_16x9_{height}p_{_old_rate(height)}fps_{kbps}kbps" for height, kbps in _OLD_LADDER}
    return sorted(made | {_DASH_SOUND})


def system_template(name: str) -> Json | None:
    """Settings of a system job template: one group with an output for each preset of its family."""
    group = _TEMPLATES.get(name)
    if group is None:
        return None
    selectors = {"Audio Selector 1": {"defaultSelection": "DEFAULT"}}
    return {"adAvailOffset": 0, "inputs": [{"audioSelectors": selectors, "videoSelector": {}}], "outputGroups": [group]}


def system_template_names() -> list[str]:
    return sorted(_TEMPLATES)


def category(name: str) -> str:
    """Of a system preset or job template."""
    return "GENERIC" if name.startswith(f"{SYSTEM_PREFIX}Generic_") else "OTT"


def read_name(name: str) -> Rendition | None:
    """None for a name that is none, or of sound alone."""
    old = _OLD_RENDITION.fullmatch(name)
    if old is not None:
        return _old_rendition(old)
    match = _RENDITION.fullmatch(name)
    if match is None:
        return None
    words = {word.lower() for word in match["words"].split("_")}
    codecs = {_CODECS[word] for word in words if word in _CODECS}
    if len(codecs) != 1 or not words <= _CODECS.keys() | _CONTAINERS.keys() | _OTHER_WORDS | {_SOUND}:
        return None
    (codec,) = codecs
    # AV1 has no other rate control, so its older names do not tell it.
    control = "QVBR" if codec == "AV1" else (match["control"] or "Vbr")[:4].strip("_").upper()
    return Rendition(
        container=_container(words),
        codec=codec,
        width=int(match["width"]),
        height=int(match["height"]),
        frame_rate=Fraction(match["rate"]) if match["rate"] else None,
        bit_rate=int(match["kbps"]) * 1000 if match["kbps"] else round(float(match["mbps"]) * 1_000_000),
        control=control,
        quality=min(10, max(1, int(match["quality"] or 7))) if control == "QVBR" else None,
        sound=_SOUND in words,
    )


def _old_rendition(match: re.Match[str]) -> Rendition:
    height = int(match["height"])
    # 29_97 and 14_99 are the rates of NTSC: the next whole number less a thousandth.
    whole = int(match["whole"])
    return Rendition(
        container="M3U8",
        codec="H_264",
        width=round(height * _ASPECTS[match["aspect"]] / 2) * 2,
        height=height,
        frame_rate=Fraction(whole) if match["part"] == "00" else Fraction((whole + 1) * 1000, 1001),
        bit_rate=int(match["kbps"]) * 1000,
        control="VBR",
        quality=None,
        sound=True,
    )


def _old_rate(height: int) -> str:
    return "14_99" if height < 360 else "29_97"


def _ladder_names() -> Iterator[str]:
    for width, height, mbps, rate in _LADDER:
        for hertz in ("", f"_{rate}Hz"):
            yield f"{_ASPECT}_{width}x{height}p{hertz}_{mbps}Mbps"


def _cmaf_outputs(control: str) -> Iterator[tuple[str, str]]:
    """Presets and name modifiers."""
    for width, height, mbps, quality in _CMAF_LADDER:
        suffix = f"Qvbr_Vq{quality}" if control == "Qvbr" else control
        preset = f"{_CMAF_FAMILY}_{_ASPECT}_Sdr_{width}x{height}p_30Hz_{mbps}Mbps_{suffix}"
        yield preset, _modifier_in_kbps(preset)
    for sound in _CMAF_SOUNDS:
        yield sound, _modifier(sound)


def _modifier(preset: str) -> str:
    return f"_{preset.removeprefix(SYSTEM_PREFIX)}"


def _modifier_in_kbps(preset: str) -> str:
    """As most templates have it: the preset's 0.4Mbps is 400Kbps in the names of files."""
    return re.sub(r"([0-9.]+)Mbps", lambda rate: f"{round(float(rate[1]) * 1000)}Kbps", _modifier(preset))


def _group(name: str, kind: str, member: str, settings: Json, outputs: list[tuple[str, str]]) -> Json:
    return {
        "name": name,
        "outputGroupSettings": {"type": kind, member: settings},
        "outputs": [{"preset": preset, "nameModifier": modifier} for preset, modifier in outputs],
    }


def _fixed_rates(family: str) -> list[tuple[str, str]]:
    names = [f"{family}_{_ASPECT}_{width}x{height}p_{rate}Hz_{mbps}Mbps" for width, height, mbps, rate in _LADDER]
    return [(name, _modifier_in_kbps(name)) for name in names]


def _hls_template() -> Json:
    return _group("Apple HLS", "HLS_GROUP_SETTINGS", "hlsGroupSettings", _SETTINGS_OF_HLS, _fixed_rates(_HLS_FAMILY))


def _dash_template() -> Json:
    settings = {"segmentLength": 30, "fragmentLength": 3, "segmentControl": "SEGMENTED_FILES"}
    outputs = [*_fixed_rates(_DASH_FAMILY), (_DASH_SOUND, _modifier(_DASH_SOUND))]
    return _group("DASH ISO", "DASH_ISO_GROUP_SETTINGS", "dashIsoGroupSettings", settings, outputs)


def _cmaf_template(control: str) -> Json:
    outputs = list(_cmaf_outputs(control))
    return _group("CMAF", "CMAF_GROUP_SETTINGS", "cmafGroupSettings", _SETTINGS_OF_CMAF, outputs)


def _file_template(outputs: list[tuple[str, str]]) -> Json:
    group = _group("File Group", "FILE_GROUP_SETTINGS", "fileGroupSettings", {}, outputs)
    return group | {"outputs": [{"extension": "mp4", **output} for output in group["outputs"]]}


_TEMPLATES: dict[str, Json] = {
    _HLS_FAMILY: _hls_template(),
    f"{_DASH_FAMILY}_Aac": _dash_template(),
    f"{_CMAF_FAMILY}_Aac_Sdr_Cbr": _cmaf_template("Cbr"),
    f"{_CMAF_FAMILY}_Aac_Sdr_Qvbr": _cmaf_template("Qvbr"),
    "System-Generic_Mp4_Hev1_Avc_Aac_Sdr_Qvbr": _file_template(
        [(preset, _modifier_in_kbps(preset)) for preset in _AVC_AND_HEV1]
    ),
    "System-Generic_Mp4_Progressive": _file_template([(preset, _modifier(preset)) for preset in _PROGRESSIVE]),
}


def _container(words: set[str]) -> str:
    if "dash" in words:
        return "MPD"
    if "cmaf" in words:
        return "CMFC"
    return next((container for word, container in _CONTAINERS.items() if word in words), "MP4")


def _container_settings(container: str) -> Json:
    if container != "M3U8":
        return {"container": container}
    tables = {"pmtPid": 480, "videoPid": 481, "audioPids": [482], "privateMetadataPid": 503}
    return {"container": container, "m3u8Settings": tables}


def _settings(rendition: Rendition) -> Json:
    settings: Json = {
        "containerSettings": _container_settings(rendition.container),
        "videoDescription": {
            "width": rendition.width,
            "height": rendition.height,
            "codecSettings": _codec(rendition),
        },
    }
    if rendition.sound:
        mbps = rendition.bit_rate / 1_000_000
        settings["audioDescriptions"] = [_audio(next(rate for limit, rate in _AUDIO_RATES if mbps <= limit), "LC")]
    return settings


def _codec(rendition: Rendition) -> Json:
    rate = rendition.frame_rate
    common: Json = {
        "gopSize": 90 if rate is None or rate > 29 else 3 * round(rate),
        "framerateControl": "INITIALIZE_FROM_SOURCE" if rate is None else "SPECIFIED",
    }
    if rate is not None:
        common |= {"framerateNumerator": rate.numerator, "framerateDenominator": rate.denominator}
    if rendition.codec == "AV1":
        quality = {"qvbrQualityLevel": rendition.quality}
        control = {"rateControlMode": "QVBR", "maxBitrate": rendition.bit_rate, "qvbrSettings": quality}
        return {"codec": "AV1", "av1Settings": {**control, **common}}
    common |= {
        **_rate_control(rendition),
        "gopSizeUnits": "FRAMES",
        "gopClosedCadence": 1,
        "numberBFramesBetweenReferenceFrames": 3,
        "numberReferenceFrames": 3,
        "hrdBufferSize": 2 * rendition.bit_rate,
        "interlaceMode": "PROGRESSIVE",
        "parControl": "SPECIFIED",
        "parNumerator": 1,
        "parDenominator": 1,
    }
    if rendition.codec == "H_265":
        return {"codec": "H_265", "h265Settings": {**common, "codecProfile": "MAIN_MAIN"}}
    profile = "HIGH" if rendition.height >= _SMALLEST_HIGH_PROFILE else "MAIN"
    return {"codec": "H_264", "h264Settings": {**common, "codecProfile": profile, "entropyEncoding": "CABAC"}}


def _rate_control(rendition: Rendition) -> Json:
    common = {"qualityTuningLevel": "SINGLE_PASS_HQ", "rateControlMode": rendition.control}
    if rendition.control == "CBR":
        return {**common, "bitrate": rendition.bit_rate}
    if rendition.control == "VBR":
        return {**common, "bitrate": rendition.bit_rate, "maxBitrate": rendition.bit_rate}
    quality = {"qvbrQualityLevel": rendition.quality}
    return {**common, "maxBitrate": rendition.bit_rate, "qvbrSettings": quality}


def _audio(bit_rate: int, profile: str) -> Json:
    aac = {
        "bitrate": bit_rate,
        "codingMode": "CODING_MODE_2_0",
        "sampleRate": 48_000,
        "rateControlMode": "CBR",
        "codecProfile": profile,
    }
    return {"codecSettings": {"codec": "AAC", "aacSettings": aac}}
