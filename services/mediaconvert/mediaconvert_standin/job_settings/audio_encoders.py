"""Audio descriptions of an output, parsed into the tracks of a plan."""

from __future__ import annotations

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.inputs import parse_remix
from mediaconvert_standin.job_settings.plan import Audio, Loudness
from mediaconvert_standin.job_settings.reading import Node

DEFAULT_SAMPLE_RATE = 48000
_SETTINGS = {
    "AAC": "aacSettings",
    "AC3": "ac3Settings",
    "AIFF": "aiffSettings",
    "EAC3": "eac3Settings",
    "FLAC": "flacSettings",
    "MP2": "mp2Settings",
    "MP3": "mp3Settings",
    "OPUS": "opusSettings",
    "PASSTHROUGH": "",
    "VORBIS": "vorbisSettings",
    "WAV": "wavSettings",
}
_CHANNELS = {
    "CODING_MODE_1_0": 1,
    "CODING_MODE_2_0": 2,
    "CODING_MODE_3_2": 6,  # E-AC-3: 3/2 with the LFE that lfeControl adds by default
    "CODING_MODE_3_2_LFE": 6,
    "CODING_MODE_5_1": 6,
    "CODING_MODE_AUTO": None,
}
_MAX_CHANNELS = {"MP3": 2, "MP2": 2, "OPUS": 8, "VORBIS": 8, "AC3": 6, "EAC3": 6}
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_DEFAULT_BITRATES = {"AC3": 384_000, "EAC3": 384_000, "MP2": 192_000, "MP3": 192_000, "OPUS": 96_000}
# bit/s; ISO/IEC 11172-3 and 13818-3, layer III
_MP3_RATES = {rate * 1000 for rate in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)}
# Target in LKFS when the job names none. Source: audioNormalizationSettings.targetLkfs of the service model.
_TARGETS = {"ITU_BS_1770_1": -24.0}
_OTHER_TARGET = -23.0
_DEFAULT_PEAK = 0.0  # dBFS; AudioNormalizationSettings.truePeakLimiterThreshold of the service model


def parse_audio(description: Node) -> tuple[Audio, tuple[str, ...]]:
    """One audio description and the warnings it causes. Raises BadRequest, Unsupported."""
    codec_settings = description.child("codecSettings")
    codec = codec_settings.text("codec")
    if codec not in _SETTINGS:
        raise Unsupported(f"{codec_settings.path('codec')} {codec}; use {', '.join(_SETTINGS)}")
    settings = codec_settings.child(_SETTINGS[codec]) if _SETTINGS[codec] else Node(None)
    warnings = _check_profile(settings) if codec == "AAC" else _check_mp3(settings) if codec == "MP3" else ()
    description.skip("audioType")
    remix = parse_remix(description.child("remixSettings"))
    channels = _channels(codec, settings) or (len(remix.rows) if remix is not None else None)
    if remix is not None and codec == "PASSTHROUGH":
        raise BadRequest(f"{description.path('remixSettings')}: Passthrough audio can not be remixed")
    quality = _quality(codec, settings)
    bitrate = settings.integer("bitrate")
    language = description.text("customLanguageCode") or description.text("languageCode")
    audio = Audio(
        source_name=description.text("audioSourceName") or None,
        channels=channels,
        sample_rate=_sample_rate(codec, settings),
        bitrate=(bitrate or _DEFAULT_BITRATES.get(codec)) if quality is None else None,
        vbr_quality=quality,
        language=language.lower() or None,
        language_follows_input=description.text("languageCodeControl", "FOLLOW_INPUT") == "FOLLOW_INPUT",
        codec=codec,
        bit_depth=settings.integer("bitDepth") or 16,
        stream_name=description.text("streamName") or None,
        remix=remix,
        loudness=_loudness(description.child("audioNormalizationSettings")),
    )
    return audio, warnings


def _check_profile(aac: Node) -> tuple[str, ...]:
    profile = aac.text("codecProfile", "LC")
    if profile == "XHE":
        raise Unsupported(f"{aac.path('codecProfile')} {profile}")
    if profile == "LC":
        return ()
    return (f"{aac.path('codecProfile')}: {profile} is encoded as LC by this emulator",)


def _check_mp3(mp3: Node) -> tuple[str, ...]:
    bitrate = mp3.integer("bitrate")
    if bitrate is None or bitrate in _MP3_RATES or mp3.text("rateControlMode", "CBR") == "VBR":
        return ()
    return (
        f"{mp3.path('bitrate')}: MP3 has no constant rate of {bitrate} bit/s; the encoder takes the nearest it has",
    )


def _channels(codec: str, settings: Node) -> int | None:
    mode = settings.text("codingMode")
    if mode:
        if mode not in _CHANNELS:
            raise Unsupported(f"{settings.path('codingMode')} {mode}")
        return _CHANNELS[mode]
    channels = settings.integer("channels") or None
    if channels is not None and channels > 8:
        raise Unsupported(f"{settings.path('channels')} {channels}; at most 8")
    if channels is None and codec in ("AC3", "EAC3", "AAC", "PASSTHROUGH"):
        return None
    return channels if channels is None else min(channels, _MAX_CHANNELS.get(codec, 8))


def _sample_rate(codec: str, settings: Node) -> int | None:
    if codec == "PASSTHROUGH":
        return None
    rate = settings.integer("sampleRate")
    if codec == "OPUS":
        wanted = rate or DEFAULT_SAMPLE_RATE
        return next((known for known in _OPUS_RATES if known >= wanted), DEFAULT_SAMPLE_RATE)
    return rate or DEFAULT_SAMPLE_RATE


def _quality(codec: str, settings: Node) -> str | None:
    if codec == "AAC" and settings.text("rateControlMode", "CBR") == "VBR":
        settings.skip("bitrate")
        return settings.text("vbrQuality", "MEDIUM_HIGH")
    if codec == "MP3" and settings.text("rateControlMode", "CBR") == "VBR":
        return str(settings.integer("vbrQuality") or 0)
    if codec == "VORBIS":
        level = settings.integer("vbrQuality")
        return "4" if level is None else str(level)
    return None


def _loudness(node: Node) -> Loudness | None:
    if not node.given:
        return None
    algorithm = node.text("algorithm", "ITU_BS_1770_2")
    if node.text("algorithmControl", "CORRECT_AUDIO") == "MEASURE_ONLY":
        return None
    target, peak = node.number("targetLkfs"), node.number("truePeakLimiterThreshold")
    return Loudness(
        target=_TARGETS.get(algorithm, _OTHER_TARGET) if target is None else target,
        peak=_DEFAULT_PEAK if peak is None else peak,
    )
