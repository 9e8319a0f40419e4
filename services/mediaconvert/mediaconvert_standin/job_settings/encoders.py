"""Codec settings of an output, parsed into the encoders of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.plan import FrameCapture, Passthrough, RateControl, VideoEncoder
from mediaconvert_standin.job_settings.reading import Node

DEFAULT_CAPTURE_QUALITY = 80
MAX_CAPTURES = 10_000_000  # FrameCaptureSettings.maxCaptures of the service model
MAX_GOP = 100_000.0

_INTERPOLATIONS = {"DUPLICATE_DROP", "INTERPOLATE", "FRAMEFORMER"}
_H265_PROFILES = {"MAIN_MAIN", "MAIN_HIGH", "MAIN10_MAIN", "MAIN10_HIGH"}


@dataclass(frozen=True)
class _Codec:
    """Name of the settings object, rate control when there is no choice, and the default profile."""

    settings: str
    rate_control: str = ""
    profile: str = ""


_CODECS = {
    "H_264": _Codec("h264Settings", profile="MAIN"),
    "H_265": _Codec("h265Settings", profile="MAIN_MAIN"),
    "AV1": _Codec("av1Settings", "QVBR"),
    "VP8": _Codec("vp8Settings", "VBR"),
    "VP9": _Codec("vp9Settings", "VBR"),
    "MPEG2": _Codec("mpeg2Settings", profile="MAIN"),
    "PRORES": _Codec("proresSettings", "VBR", profile="APPLE_PRORES_422"),
    "GIF": _Codec("gifSettings", "VBR"),
}


def parse_video_codec(codec_settings: Node) -> VideoEncoder | FrameCapture | Passthrough:
    """Raises Unsupported for a codec or mode that is not here."""
    codec = codec_settings.text("codec")
    if codec == "FRAME_CAPTURE":
        return _frame_capture(codec_settings.child("frameCaptureSettings"))
    if codec == "PASSTHROUGH":
        settings = codec_settings.child("passthroughSettings")
        settings.skip("videoSelectorMode")
        return Passthrough()
    if codec in _CODECS:
        return _encoder(codec, _CODECS[codec], codec_settings.child(_CODECS[codec].settings))
    raise Unsupported(f"{codec_settings.path('codec')} {codec}; use {', '.join(_CODECS)} or FRAME_CAPTURE")


def _frame_capture(settings: Node) -> FrameCapture:
    rate = Fraction(settings.integer("framerateNumerator") or 1, settings.integer("framerateDenominator") or 1)
    return FrameCapture(
        rate=rate,
        max_captures=settings.integer("maxCaptures") or MAX_CAPTURES,
        quality=settings.integer("quality") or DEFAULT_CAPTURE_QUALITY,
    )


def _encoder(codec: str, known: _Codec, settings: Node) -> VideoEncoder:
    profile = settings.text("codecProfile", known.profile)
    if codec == "H_265" and profile not in _H265_PROFILES:
        raise Unsupported(f"{settings.path('codecProfile')} {profile}")
    if codec == "MPEG2" and profile != "MAIN":
        raise Unsupported(f"{settings.path('codecProfile')} {profile}")
    interpolation = settings.text("framerateConversionAlgorithm", "DUPLICATE_DROP")
    if interpolation not in _INTERPOLATIONS:
        raise Unsupported(f"{settings.path('framerateConversionAlgorithm')} {interpolation}")
    level = settings.text("codecLevel", "AUTO") if codec in ("H_264", "H_265") else "AUTO"
    follow_sample_aspect, sample_aspect = _sample_aspect(settings)
    return VideoEncoder(
        codec=codec,
        rate_control=_rate_control(settings, known.rate_control),
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
        bit_depth=10 if settings.text("bitDepth") == "BIT_10" else 8,
        frame_rate=_frame_rate(settings),
        interpolation=interpolation,
        sample_aspect=sample_aspect,
        keep_sample_aspect=follow_sample_aspect and codec != "GIF",  # whose readers know square pixels only
        packaging=settings.text("writeMp4PackagingType") or None,
    )


def _rate_control(settings: Node, only: str) -> RateControl:
    qvbr = settings.child("qvbrSettings")
    level = qvbr.integer("qvbrQualityLevel")
    fine = qvbr.number("qvbrQualityLevelFineTune") or 0.0
    if not 0 <= fine < 1:
        raise BadRequest(f"{qvbr.path('qvbrQualityLevelFineTune')}: Should be less than or equal to 0.67")
    return RateControl(
        mode=settings.text("rateControlMode", only),
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
    """Does it follow the source, as H264Settings.parControl of the service model says it does by default?"""
    control = settings.text("parControl", "INITIALIZE_FROM_SOURCE")
    numerator, denominator = settings.integer("parNumerator"), settings.integer("parDenominator")
    if control == "SPECIFIED" and numerator and denominator:
        return False, Fraction(numerator, denominator)
    return control != "SPECIFIED", None
