"""How an encoded output is written: a muxer of its own, or one of several behind ``tee``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaconvert_standin.plan import VideoEncoder
from mediaconvert_standin.transcode import OutputTask


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


def muxer_of(output: OutputTask) -> Muxer:
    name, container = output.name, output.output.container
    if container == "M3U8":
        return Muxer(
            "hls",
            (
                ("hls_time", f"{output.segment_seconds:.6f}"),
                ("hls_list_size", "0"),
                ("start_number", "1"),
                ("hls_segment_type", "mpegts"),
                ("hls_segment_filename", f"{name}_%05d.ts"),
                ("hls_playlist_type", "vod"),
            ),
            f"{name}.m3u8",
        )
    if container == "RAW":
        return Muxer("image2", (("start_number", "0"),), f"{name}.%07d.jpg")
    options = (("movflags", "+faststart"),) if output.output.fast_start else ()
    return Muxer(container.lower(), options, f"{name}.{container.lower()}")


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
