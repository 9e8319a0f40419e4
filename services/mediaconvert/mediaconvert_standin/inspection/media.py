"""What a media file is, as found by probing: containers, tracks, codecs by the service's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

# libavcodec name → token of the service's ``Codec`` enum. A codec that is not here is not supported (1030).
_VIDEO_CODECS = {
    "av1": "AV1",
    "libdav1d": "AV1",
    "dnxhd": "VC3",
    "dvvideo": "DV",
    "ffv1": "UNCOMPRESSED",
    "flv1": "H263",
    "h263": "H263",
    "h263p": "H263",
    "h264": "AVC",
    "hevc": "HEVC",
    "jpeg2000": "JPEG2000",
    "mjpeg": "MJPEG",
    "mpeg1video": "MPEG1",
    "mpeg2video": "MPEG2",
    "mpeg4": "MP4V",
    "msmpeg4v2": "VFW",
    "msmpeg4v3": "VFW",
    "prores": "PRORES",
    "qtrle": "QTRLE",
    "rawvideo": "UNCOMPRESSED",
    "theora": "THEORA",
    "v210": "UNCOMPRESSED",
    "vc1": "VC1",
    "vp8": "VP8",
    "vp9": "VP9",
    "wmv1": "VFW",
    "wmv2": "VFW",
    "wmv3": "VC1",
}
_AUDIO_CODECS = {
    "aac": "AAC",
    "ac3": "AC3",
    "alac": "PCM",
    "amrnb": "AMR",
    "amr_nb": "AMR",
    "amrwb": "AMR",
    "amr_wb": "AMR",
    "eac3": "EAC3",
    "flac": "FLAC",
    "mp2": "MP2",
    "mp3": "MP3",
    "mp3float": "MP3",
    "opus": "OPUS",
    "vorbis": "VORBIS",
    "wmapro": "WMAPRO",
    "wmav1": "WMA",
    "wmav2": "WMA2",
}
_AAC_VARIANTS = ("aac_fixed", "aac_latm")


@dataclass(frozen=True)
class VideoTrack:
    index: int  # 0-based among all tracks
    codec: str  # libavcodec's name
    four_cc: str
    width: int
    height: int
    sample_aspect: Fraction
    rotation: int  # degrees clockwise that make the picture upright
    frame_rate: Fraction  # average
    base_rate: Fraction  # the lowest rate that can show every timestamp
    bit_depth: int
    chroma: str  # 4:2:0 and so on, "" when unknown
    interlaced: bool
    top_field_first: bool
    color: tuple[int, int, int, int]  # primaries, transfer, matrix, range (H.273 numbers; range 1 limited, 2 full)
    profile: str
    level: int
    duration: float | None  # seconds
    bit_rate: int | None
    first_frame: float | None  # seconds; None when nothing decodes near the start of the file

    @property
    def token(self) -> str | None:
        return _VIDEO_CODECS.get(self.codec)


@dataclass(frozen=True)
class AudioTrack:
    index: int
    codec: str
    channels: int
    layout: str
    sample_rate: int
    bit_depth: int
    language: str | None
    duration: float | None
    bit_rate: int | None
    first_frame: float | None
    pid: int | None = None  # of a transport stream

    @property
    def token(self) -> str | None:
        if self.codec.startswith("pcm_"):
            return "PCM"
        return "AAC" if self.codec in _AAC_VARIANTS else _AUDIO_CODECS.get(self.codec)


@dataclass(frozen=True)
class DataTrack:
    index: int
    codec: str
    language: str | None


@dataclass(frozen=True)
class Media:
    """One file. ``duration`` in seconds, None when the container does not say."""

    format: str  # token of the service's ``Format`` enum, "" for a container it has no token for
    demuxer: str
    duration: float | None
    bit_rate: int | None
    video: tuple[VideoTrack, ...]
    audio: tuple[AudioTrack, ...]
    data: tuple[DataTrack, ...] = ()
    timecode: str | None = None  # of the first frame, where the file says

    @property
    def main_video(self) -> VideoTrack | None:
        return self.video[0] if self.video else None


def media_from_facts(facts: Mapping[str, Any], format_token: str, demuxer: str) -> Media:
    """The probe worker's JSON → Media. Cover art is not video: it is left out."""
    streams = facts["streams"]
    return Media(
        format=format_token,
        demuxer=demuxer,
        duration=facts["duration"],
        bit_rate=facts["bitRate"],
        video=tuple(_video(item) for item in streams if item["type"] == "video" and not item["attachedPicture"]),
        audio=tuple(_audio(item) for item in streams if item["type"] == "audio"),
        data=tuple(
            DataTrack(item["index"], item["codec"], item["language"])
            for item in streams
            if item["type"] not in ("video", "audio")
        ),
        timecode=facts["timecode"],
    )


def _video(item: Mapping[str, Any]) -> VideoTrack:
    average = _fraction(item["averageRate"]) or _fraction(item["baseRate"]) or Fraction(0)
    return VideoTrack(
        index=item["index"],
        codec=item["codec"],
        four_cc=item["fourCC"],
        width=item["width"],
        height=item["height"],
        sample_aspect=_fraction(item["sampleAspect"]) or Fraction(1),
        rotation=item["rotation"],
        frame_rate=average,
        base_rate=_fraction(item["baseRate"]) or average,
        bit_depth=item["bitDepth"],
        chroma=item["chroma"],
        interlaced=item["interlaced"],
        top_field_first=item["topFieldFirst"],
        color=(item["primaries"], item["transfer"], item["matrix"], item["range"]),
        profile=item["profile"],
        level=item["level"],
        duration=item["duration"],
        bit_rate=item["bitRate"],
        first_frame=item["firstFrame"],
    )


def _audio(item: Mapping[str, Any]) -> AudioTrack:
    return AudioTrack(
        index=item["index"],
        codec=item["codec"],
        channels=item["channels"],
        layout=item["layout"],
        sample_rate=item["sampleRate"],
        bit_depth=item["bitDepth"],
        language=item["language"],
        duration=item["duration"],
        bit_rate=item["bitRate"],
        first_frame=item["firstFrame"],
        pid=item["pid"],
    )


def _fraction(text: str | None) -> Fraction | None:
    if not text:
        return None
    value = Fraction(text)
    return value if value > 0 else None
