"""How an encoded output is written: a muxer of its own, or one of several behind ``tee``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaconvert_standin.job_settings.plan import FrameCapture, VideoEncoder
from mediaconvert_standin.transcoding.transcode import OutputTask

FRAGMENTED = ("MPD", "CMFC")
_FILE_FORMATS = {
    "F4V": "f4v",
    "GIF": "gif",
    "M2TS": "mpegts",
    "MOV": "mov",
    "MP4": "mp4",
    "MXF": "mxf",
    "OGG": "ogg",
    "WEBM": "webm",
}
_RAW_FORMATS = {
    "AAC": "adts",
    "AC3": "ac3",
    "AIFF": "aiff",
    "EAC3": "eac3",
    "FLAC": "flac",
    "H_264": "h264",
    "H_265": "hevc",
    "MP2": "mp2",
    "MP3": "mp3",
    "MPEG2": "mpeg2video",
    "WAV": "wav",
}
# Segments of audio-only HLS outputs: format, and the extension that players know it by.
PACKED_AUDIO = {"AAC": ("adts", "aac"), "AC3": ("ac3", "ac3"), "EAC3": ("eac3", "ec3"), "MP3": ("mp3", "mp3")}


@dataclass(frozen=True)
class Muxer:
    format: str
    options: tuple[tuple[str, str], ...]
    name: str  # a local name of our own making, so nothing in it needs quoting

    @property
    def arguments(self) -> list[str]:
        options = [argument for key, value in self.options for argument in (f"-{key}", value)]
        return ["-f", self.format, *options, f"file:{self.name}"]

    def slave(self, filters: str = "") -> str:
        """This muxer as one of those behind ``tee``."""
        options = [f"f={self.format}", *(f"{key}={value}" for key, value in self.options)]
        return f"[{':'.join([*options, filters] if filters else options)}]{self.name}"


def is_packed_audio(output: OutputTask) -> bool:
    """Is it audio alone in HLS, in raw frames and not in a transport stream?"""
    plan = output.output
    return plan.container == "M3U8" and output.video is None and not plan.rendition.transport_stream


def file_name(output: OutputTask) -> str:
    """The local file of an output that is one file."""
    container = output.output.container
    return f"{output.name}.{container.lower() if container != 'RAW' else 'raw'}"


def muxer_of(output: OutputTask) -> Muxer:
    container = output.output.container
    if container in FRAGMENTED:
        return _fragments(output)
    if container == "M3U8":
        return _packed_audio(output) if is_packed_audio(output) else _transport_stream(output)
    if output.video is not None and isinstance(output.video.encoder, FrameCapture):
        return Muxer("image2", (("start_number", "0"),), f"{output.name}.%07d.jpg")
    if container == "RAW":
        encoder = output.video.encoder if output.video is not None else None
        codec = encoder.codec if isinstance(encoder, VideoEncoder) else output.audio[0].settings.codec
        return Muxer(_RAW_FORMATS[codec], (), file_name(output))
    return Muxer(_FILE_FORMATS[container], _file_options(output), file_name(output))


def _file_options(output: OutputTask) -> tuple[tuple[str, str], ...]:
    container = output.output.container
    if container == "M2TS":
        return (("mpegts_m2ts_mode", "0"),)  # packets of 188 bytes, though the name would mean 192 to ffmpeg
    if container in ("MP4", "MOV") and output.output.fast_start:
        return (("movflags", "+faststart"),)
    return ()


def _transport_stream(output: OutputTask) -> Muxer:
    return Muxer(
        "hls",
        (
            ("hls_time", f"{output.segment_seconds:.6f}"),
            ("hls_list_size", "0"),
            ("start_number", "1"),
            ("hls_segment_type", "mpegts"),
            ("hls_segment_filename", f"{output.name}_%05d.ts"),
            ("hls_playlist_type", "vod"),
        ),
        f"{output.name}.m3u8",
    )


def _packed_audio(output: OutputTask) -> Muxer:
    segment_format, extension = PACKED_AUDIO[output.audio[0].settings.codec]
    return Muxer(
        "segment",
        (
            ("segment_format", segment_format),
            ("segment_time", f"{output.segment_seconds:.6f}"),
            ("segment_start_number", "1"),
            ("segment_list", f"{output.name}.m3u8"),
            ("segment_list_type", "m3u8"),
            ("segment_list_size", "0"),
        ),
        f"{output.name}_%05d.{extension}",
    )


def _fragments(output: OutputTask) -> Muxer:
    return Muxer(
        "hls",
        (
            ("hls_time", f"{output.segment_seconds:.6f}"),
            ("hls_list_size", "0"),
            ("start_number", "1"),
            ("hls_segment_type", "fmp4"),
            ("hls_fmp4_init_filename", f"{output.name}.init"),
            ("hls_segment_filename", f"{output.name}_%09d.m4s"),
            # Pictures and sound both start at 0 although B frames are decoded before: no output is shifted by itself.
            ("hls_segment_options", "movflags=+negative_cts_offsets"),
            ("avoid_negative_ts", "disabled"),
            ("hls_playlist_type", "vod"),
        ),
        f"{output.name}.m3u8",
    )


@dataclass(frozen=True)
class Bundle:
    """Outputs that are encoded once. The first stands for all in the filter graph."""

    outputs: tuple[OutputTask, ...]

    @property
    def first(self) -> OutputTask:
        return self.outputs[0]

    @property
    def global_header(self) -> bool:
        """Files and segments from one encode: parameter sets go to the header, and back into each segment."""
        return len(self.outputs) > 1 and any(output.output.container != "M3U8" for output in self.outputs)

    @property
    def arguments(self) -> list[str]:
        if len(self.outputs) == 1:
            return muxer_of(self.first).arguments
        again = "bsfs/v=dump_extra=freq=keyframe" if self.global_header else ""
        slaves = [muxer_of(item).slave(again if item.output.container == "M3U8" else "") for item in self.outputs]
        return ["-f", "tee", "|".join(slaves)]


def bundle(outputs: Iterable[OutputTask]) -> list[Bundle]:
    """Outputs with equal pictures and sound together, in the order of their first."""
    bundles: list[list[OutputTask]] = []
    for output in outputs:
        found = next((members for members in bundles if _same_encode(members[0], output)), None)
        if found is None:
            bundles.append([output])
        else:
            found.append(output)
    return [Bundle(tuple(members)) for members in bundles]


def _same_encode(one: OutputTask, other: OutputTask) -> bool:
    if one.video is None or one.video != other.video or one.audio != other.audio:
        return False
    encoder = one.video.encoder
    return isinstance(encoder, VideoEncoder) and encoder.codec == "H_264" and encoder.packaging is None
