"""Codec settings of an output, parsed into the encoders of a plan."""

from __future__ import annotations

from fractions import Fraction

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.plan import Audio, FrameCapture, RateControl, VideoEncoder
from mediaconvert_standin.reading import Node

DEFAULT_CAPTURE_QUALITY = 80
MAX_CAPTURES = 10_000_000  # FrameCaptureSettings.maxCaptures of the service model
MAX_GOP = 100_000.0

_CHANNELS = {"CODING_MODE_1_0": 1, "CODING_MODE_2_0": 2, "CODING_MODE_5_1": 6, "CODING_MODE_AUTO": None}
_H265_PROFILES = {"MAIN_MAIN", "MAIN_HIGH", "MAIN10_MAIN", "MAIN10_HIGH"}
_INTERPOLATIONS = {"DUPLICATE_DROP", "INTERPOLATE"}


def parse_video_codec(codec_settings: Node) -> VideoEncoder | FrameCapture:
    """Raises Unsupported for a codec or mode that is not here."""
    codec = codec_settings.text("codec")
    if codec == "FRAME_CAPTURE":
        return _frame_capture(codec_settings.child("frameCaptureSettings"))
    if codec == "H_264":
        return _encoder(codec, codec_settings.child("h264Settings"), default_profile="MAIN")
    if codec == "H_265":
        return _encoder(codec, codec_settings.child("h265Settings"), default_profile="MAIN_MAIN")
    raise Unsupported(f"{codec_settings.path('codec')} {codec}; use H_264, H_265 or FRAME_CAPTURE")


def _frame_capture(settings: Node) -> FrameCapture:
    rate = Fraction(settings.integer("framerateNumerator") or 1, settings.integer("framerateDenominator") or 1)
    return FrameCapture(
        rate=rate,
        max_captures=settings.integer("maxCaptures") or MAX_CAPTURES,
        quality=settings.integer("quality") or DEFAULT_CAPTURE_QUALITY,
    )


def _encoder(codec: str, settings: Node, default_profile: str) -> VideoEncoder:
    profile = settings.text("codecProfile", default_profile)
    if codec == "H_265" and profile not in _H265_PROFILES:
        raise Unsupported(f"{settings.path('codecProfile')} {profile}")
    interpolation = settings.text("framerateConversionAlgorithm", "DUPLICATE_DROP")
    if interpolation not in _INTERPOLATIONS:
        raise Unsupported(f"{settings.path('framerateConversionAlgorithm')} {interpolation}")
    level = settings.text("codecLevel", "AUTO")
    keep_sample_aspect, sample_aspect = _sample_aspect(settings)
    return VideoEncoder(
        codec=codec,
        rate_control=_rate_control(settings),
        tuning=settings.text("qualityTuningLevel", "SINGLE_PASS"),
        profile=profile,
        level=None if level == "AUTO" else level.removeprefix("LEVEL_").replace("_", "."),
        gop_size=_gop_size(settings),
        gop_units=settings.text("gopSizeUnits", "FRAMES"),
        closed_gop=settings.integer("gopClosedCadence") in (None, 1),
        min_i_interval=settings.integer("minIInterval"),
        scene_change=settings.text("sceneChangeDetect", "ENABLED") != "DISABLED",
        b_frames=settings.integer("numberBFramesBetweenReferenceFrames"),
        adaptive_b_frames=settings.text("dynamicSubGop", "ADAPTIVE") == "ADAPTIVE",
        b_reference=settings.text("gopBReference", "ENABLED") == "ENABLED",
        reference_frames=settings.integer("numberReferenceFrames"),
        slices=settings.integer("slices"),
        cavlc=settings.text("entropyEncoding", "CABAC") == "CAVLC",
        frame_rate=_frame_rate(settings),
        interpolation=interpolation,
        sample_aspect=sample_aspect,
        keep_sample_aspect=keep_sample_aspect,
        packaging=settings.text("writeMp4PackagingType") or None,
    )


def _rate_control(settings: Node) -> RateControl:
    qvbr = settings.child("qvbrSettings")
    level = qvbr.integer("qvbrQualityLevel")
    fine = qvbr.number("qvbrQualityLevelFineTune") or 0.0
    if not 0 <= fine < 1:
        raise BadRequest(f"{qvbr.path('qvbrQualityLevelFineTune')}: Should be less than or equal to 0.67")
    return RateControl(
        mode=settings.text("rateControlMode"),
        bitrate=settings.integer("bitrate"),
        max_bitrate=settings.integer("maxBitrate"),
        quality_level=None if level is None else level + fine,
        buffer_size=settings.integer("hrdBufferSize"),
        initial_fill=settings.integer("hrdBufferInitialFillPercentage"),
    )


def _gop_size(settings: Node) -> float | None:
    size = settings.number("gopSize")
    if size is not None and not 0 <= size <= MAX_GOP:
        raise BadRequest(f"{settings.path('gopSize')}: Should be less than or equal to {int(MAX_GOP)}")
    return size or None


def _frame_rate(settings: Node) -> Fraction | None:
    numerator = settings.integer("framerateNumerator")
    denominator = settings.integer("framerateDenominator")
    if settings.text("framerateControl") != "SPECIFIED" or not numerator or not denominator:
        return None
    return Fraction(numerator, denominator)


def _sample_aspect(settings: Node) -> tuple[bool, Fraction | None]:
    control = settings.text("parControl")
    numerator, denominator = settings.integer("parNumerator"), settings.integer("parDenominator")
    if control == "SPECIFIED" and numerator and denominator:
        return False, Fraction(numerator, denominator)
    return control == "INITIALIZE_FROM_SOURCE", None


def parse_audio(description: Node) -> tuple[Audio, tuple[str, ...]]:
    """One audio description and the warnings it causes. Raises Unsupported."""
    codec_settings = description.child("codecSettings")
    codec = codec_settings.text("codec")
    if codec != "AAC":
        raise Unsupported(f"{codec_settings.path('codec')} {codec}; use AAC")
    aac = codec_settings.child("aacSettings")
    mode, profile = aac.text("codingMode"), aac.text("codecProfile", "LC")
    if mode not in _CHANNELS:
        raise Unsupported(f"{aac.path('codingMode')} {mode}")
    if profile == "XHE":
        raise Unsupported(f"{aac.path('codecProfile')} {profile}")
    warnings = () if profile == "LC" else (f"{aac.path('codecProfile')}: {profile} is encoded as LC by this emulator",)
    description.skip("audioType")
    vbr = aac.text("rateControlMode", "CBR") == "VBR"
    language = description.text("customLanguageCode") or description.text("languageCode")
    bitrate, quality = aac.integer("bitrate"), aac.text("vbrQuality", "MEDIUM_HIGH")
    audio = Audio(
        source_name=description.text("audioSourceName") or None,
        channels=_CHANNELS[mode],
        sample_rate=aac.integer("sampleRate") or 48000,
        bitrate=None if vbr else bitrate,
        vbr_quality=quality if vbr else None,
        language=language.lower() or None,
        language_follows_input=description.text("languageCodeControl", "FOLLOW_INPUT") == "FOLLOW_INPUT",
    )
    description.skip("streamName")
    return audio, warnings
