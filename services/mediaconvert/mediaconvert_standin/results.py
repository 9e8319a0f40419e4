"""What a finished transcode made: files to publish with their keys, and the numbers of COMPLETE."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mediaconvert_standin.errors import InvalidMedia, TranscodeFailed
from mediaconvert_standin.hls import (
    Segment,
    Variant,
    avc_codec,
    average_bit_rate,
    join_short_tail,
    master_playlist,
    media_playlist,
    peak_bit_rate,
    read_segments,
)
from mediaconvert_standin.media import Media
from mediaconvert_standin.naming import Identifiers
from mediaconvert_standin.plan import FrameCapture, HlsGroup, S3Location, S3Options
from mediaconvert_standin.transcode import GroupTask, OutputTask, Transcode

_CONTENT_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "m3u8": "application/x-mpegURL",
    "ts": "video/MP2T",
    "jpg": "image/jpeg",
}
_MAX_KEY_BYTES = 1024
_AAC_LC = "mp4a.40.2"


@dataclass(frozen=True)
class Upload:
    path: Path
    location: S3Location
    content_type: str
    s3: S3Options
    content_encoding: str | None = None
    stage: int = 0  # 0 media, 1 child playlists, 2 master playlists: published in this order


@dataclass(frozen=True)
class OutputResult:
    paths: tuple[str, ...]
    duration_ms: int
    width: int | None = None
    height: int | None = None
    average_bitrate: int | None = None  # of the video, bit/s
    images: bool = False  # a set of captured frames, whose length is not that of the media


@dataclass(frozen=True)
class GroupResult:
    type: str
    outputs: tuple[OutputResult, ...]
    playlists: tuple[str, ...] = ()


@dataclass
class Collected:
    uploads: list[Upload] = field(default_factory=list)
    groups: list[GroupResult] = field(default_factory=list)

    @property
    def longest_seconds(self) -> float:
        """Length of the longest output that is not a set of images."""
        timed = [output.duration_ms for group in self.groups for output in group.outputs if not output.images]
        return max(timed, default=0) / 1000


def collect(
    transcode: Transcode, folder: Path, measure: Callable[[Path], Media], now: Callable[[], datetime]
) -> Collected:
    """Measure what is in ``folder``. Raises TranscodeFailed when an output is missing or empty."""
    collected = Collected()
    for task in transcode.groups:
        if isinstance(task.group, HlsGroup):
            collected.groups.append(_hls_group(task, task.group, folder, collected.uploads, now))
        else:
            outputs = tuple(_file_output(task, output, folder, measure, collected.uploads) for output in task.outputs)
            collected.groups.append(GroupResult("FILE_GROUP", outputs))
    _check_keys(collected.uploads)
    return collected


def _file_output(
    task: GroupTask, output: OutputTask, folder: Path, measure: Callable[[Path], Media], uploads: list[Upload]
) -> OutputResult:
    if output.video is not None and isinstance(output.video.encoder, FrameCapture):
        return _captures(task, output, output.video.encoder, folder, uploads)
    container = output.output.container.lower()
    path = folder / f"{output.name}.{container}"
    if not path.exists() or path.stat().st_size == 0:
        raise TranscodeFailed("Encoder: [an output file was not produced]")
    media = measure(path)
    if output.video is not None and media.main_video is None:
        raise TranscodeFailed("Encoder: [no video was produced for a file output]")
    if media.main_video is not None and media.main_video.rotation:
        raise TranscodeFailed("Encoder: [an output kept the rotation of its input]")
    uploads.append(Upload(path, output.location, _CONTENT_TYPES[container], task.s3))
    duration = media.duration or 0.0
    video = media.main_video
    return OutputResult(
        paths=(output.location.uri,),
        duration_ms=round(duration * 1000),
        width=output.video.width if output.video else None,
        height=output.video.height if output.video else None,
        average_bitrate=video.bit_rate if video else media.bit_rate,
    )


def _captures(
    task: GroupTask, output: OutputTask, capture: FrameCapture, folder: Path, uploads: list[Upload]
) -> OutputResult:
    images = sorted(folder.glob(f"{output.name}.*.jpg"))
    if not images:
        raise TranscodeFailed("Encoder: [no frame was captured]")
    for image in images:
        number = image.name.split(".")[1]
        location = S3Location(output.bucket, f"{output.key}.{number}.{output.extension}")
        uploads.append(Upload(image, location, _CONTENT_TYPES["jpg"], task.s3))
    seconds = len(images) / capture.rate
    assert output.video is not None  # noqa: S101 - a capture has a picture
    return OutputResult(
        paths=(uploads[-1].location.uri,),
        duration_ms=round(seconds * 1000),
        width=output.video.width,
        height=output.video.height,
        average_bitrate=round(sum(image.stat().st_size for image in images) * 8 / seconds),
        images=True,
    )


def _hls_group(
    task: GroupTask, group: HlsGroup, folder: Path, uploads: list[Upload], now: Callable[[], datetime]
) -> GroupResult:
    variants: list[Variant] = []
    outputs: list[OutputResult] = []
    for output in task.outputs:
        segments = join_short_tail(read_segments(folder / f"{output.name}.m3u8"), group.min_final_segment_length)
        names = _publish_segments(task, output, segments, uploads, now)
        if group.write_manifests:
            durations = [segment.duration for segment in segments]
            text = media_playlist(
                list(zip(names, durations, strict=True)),
                integer_durations=group.integer_durations,
                legacy_target=group.legacy_target_duration,
            )
            uploads.append(_manifest(task, group, folder, f"{output.name}.child", output.location, text, stage=1))
        variants.append(_variant(group, output, segments))
        outputs.append(_hls_result(output, segments))
    master = S3Location(task.base.bucket, f"{task.base.key}.m3u8")
    if not group.write_manifests:
        return GroupResult("HLS_GROUP", tuple(outputs))
    text = master_playlist(variants, resolution=group.resolution_in_manifest)
    name = f"{task.outputs[0].name}.master"
    uploads.append(_manifest(task, group, folder, name, master, text, stage=2))
    return GroupResult("HLS_GROUP", tuple(outputs), (master.uri,))


def _publish_segments(
    task: GroupTask, output: OutputTask, segments: list[Segment], uploads: list[Upload], now: Callable[[], datetime]
) -> list[str]:
    # $dt$ in a segment modifier is the end time of the segment, unlike everywhere else.
    written = now()
    stamp = {"dt": written.strftime("%Y%m%dT%H%M%S"), "d": written.strftime("%Y%m%d"), "t": written.strftime("%H%M%S")}
    modifier = Identifiers(stamp).resolve(output.segment_modifier)
    names = []
    for number, segment in enumerate(segments, start=1):
        key = f"{output.key}{modifier}_{number:05d}.ts"
        uploads.append(Upload(segment.path, S3Location(output.bucket, key), _CONTENT_TYPES["ts"], task.s3))
        names.append(key.rpartition("/")[2])
    return names


def _variant(group: HlsGroup, output: OutputTask, segments: list[Segment]) -> Variant:
    assert output.video is not None  # noqa: S101 - planning refuses HLS outputs without video
    codecs = (avc_codec(segments[0].path, rfc_4281=group.rfc_4281), *(_AAC_LC for _ in output.audio))
    return Variant(
        playlist=output.location.key.rpartition("/")[2],
        bandwidth=peak_bit_rate(segments),
        average_bandwidth=average_bit_rate(segments),
        codecs=codecs,
        width=output.video.width,
        height=output.video.height,
        frame_rate=float(output.video.rate),
    )


def _hls_result(output: OutputTask, segments: list[Segment]) -> OutputResult:
    assert output.video is not None  # noqa: S101 - as above
    audio_bitrate = sum(audio.bitrate for audio in output.audio)
    return OutputResult(
        paths=(output.location.uri,),
        duration_ms=round(sum(segment.duration for segment in segments) * 1000),
        width=output.video.width,
        height=output.video.height,
        average_bitrate=max(1, average_bit_rate(segments) - audio_bitrate),
    )


def _manifest(
    task: GroupTask, group: HlsGroup, folder: Path, name: str, location: S3Location, text: str, stage: int
) -> Upload:
    path = folder / f"{name}.m3u8"
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if group.gzip_manifests else data)
    encoding = "gzip" if group.gzip_manifests else None
    return Upload(path, location, _CONTENT_TYPES["m3u8"], task.s3, encoding, stage)


def _check_keys(uploads: list[Upload]) -> None:
    seen: set[S3Location] = set()
    for upload in uploads:
        if upload.location in seen:
            raise InvalidMedia(f"Duplicate output path [{upload.location.uri}] found in job.")
        if len(upload.location.key.encode()) > _MAX_KEY_BYTES:
            raise InvalidMedia(f"The key of an output is longer than {_MAX_KEY_BYTES} bytes.")
        seen.add(upload.location)


def details_of_job(groups: tuple[GroupResult, ...]) -> list[dict[str, Any]]:
    """``outputGroupDetails`` of GetJob: lengths and sizes only, as on the service."""
    return [{"outputDetails": [_detail_of_job(output) for output in group.outputs]} for group in groups]


def _detail_of_job(output: OutputResult) -> dict[str, Any]:
    detail: dict[str, Any] = {"durationInMs": output.duration_ms}
    if output.width is not None:
        detail["videoDetails"] = {"widthInPx": output.width, "heightInPx": output.height}
    return detail


def details_of_event(groups: tuple[GroupResult, ...]) -> list[dict[str, Any]]:
    """``outputGroupDetails`` of the COMPLETE event, with paths and bit rates."""
    details = []
    for group in groups:
        detail: dict[str, Any] = {"outputDetails": [_detail_of_event(output) for output in group.outputs]}
        if group.playlists:
            detail["playlistFilePaths"] = list(group.playlists)
        details.append({**detail, "type": group.type})
    return details


def _detail_of_event(output: OutputResult) -> dict[str, Any]:
    detail = {"outputFilePaths": list(output.paths), **_detail_of_job(output)}
    if output.width is not None and output.average_bitrate is not None:
        detail["videoDetails"]["averageBitrate"] = output.average_bitrate
    return detail
