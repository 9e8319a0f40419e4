"""Tracks that go into an output as they are: whether its container can hold them."""

from __future__ import annotations

from mediaconvert_standin.errors import InvalidMedia
from mediaconvert_standin.inspection.media import AudioTrack, VideoTrack

# libavcodec's names, by container. Source: tables of codec tags of libavformat's movenc and mpegtsenc.
_MPEG = {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"}
_VIDEO = {
    "M2TS": {*_MPEG, "vc1"},
    "MOV": {*_MPEG, "dnxhd", "dvvideo", "jpeg2000", "mjpeg", "prores", "qtrle", "rawvideo", "v210", "vc1"},
    "MP4": {*_MPEG, "av1", "libdav1d", "mjpeg", "vc1", "vp9"},
}
_SOUND = {"aac", "ac3", "eac3", "mp2", "mp3", "mp3float"}
_AUDIO = {
    "M2TS": _SOUND,
    "MOV": {*_SOUND, "alac"},
    "MP4": {*_SOUND, "alac", "flac", "opus"},
}


def check_picture(track: VideoTrack, container: str, ordinal: int) -> None:
    """Raises InvalidMedia (1040); ``ordinal`` counts outputs from 1."""
    if track.codec not in _VIDEO[container]:
        raise InvalidMedia(
            f"Error initializing encoder for video target [{ordinal}] "
            f"[initialization failed: {container} can not hold passthrough video of codec {track.codec}]"
        )


def check_sound(track: AudioTrack, container: str, ordinal: int) -> None:
    """Raises InvalidMedia (1040); ``ordinal`` counts outputs from 1."""
    raw = container == "MOV" and track.codec.startswith("pcm_")
    if not raw and track.codec not in _AUDIO[container]:
        raise InvalidMedia(
            f"Error initializing encoder for audio target [{ordinal}] "
            f"[initialization failed: {container} can not hold passthrough audio of codec {track.codec}]"
        )
