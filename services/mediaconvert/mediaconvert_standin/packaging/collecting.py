"""From the files that ffmpeg left to what is to be published, group by group."""

from __future__ import annotations

from mediaconvert_standin.captions.writers import write_captions
from mediaconvert_standin.errors import TranscodeFailed
from mediaconvert_standin.job_settings.plan import FragmentedGroup, FrameCapture, HlsGroup, S3Location
from mediaconvert_standin.packaging.fragmented_group import collect_fragmented
from mediaconvert_standin.packaging.hls_group import collect_hls
from mediaconvert_standin.packaging.results import Collected, GroupResult, OutputResult, Upload, Workshop, content_type
from mediaconvert_standin.transcoding.muxers import file_name, muxer_of
from mediaconvert_standin.transcoding.naming import extension_of
from mediaconvert_standin.transcoding.transcode import GroupTask, OutputTask, Transcode

# Muxers whose files a demuxer of another name reads.
_DEMUXERS = {"mp4": "mov", "f4v": "mov", "webm": "matroska", "adts": "aac", "mpeg2video": "mpegvideo", "mp2": "mp3"}


def collect(transcode: Transcode, workshop: Workshop) -> Collected:
    """Measure what is in the folder. Raises TranscodeFailed when an output is missing or empty."""
    collected = Collected()
    for task in transcode.groups:
        if isinstance(task.group, HlsGroup):
            result = collect_hls(task, task.group, workshop, collected)
        elif isinstance(task.group, FragmentedGroup):
            result = collect_fragmented(task, task.group, workshop, collected)
        else:
            outputs = tuple(_file_output(task, output, workshop, collected) for output in task.outputs)
            result = GroupResult("FILE_GROUP", outputs)
        collected.groups.append(result)
    collected.check_keys()
    return collected


def _file_output(task: GroupTask, output: OutputTask, workshop: Workshop, collected: Collected) -> OutputResult:
    if output.captions is not None:
        return _sidecar(task, output, workshop, collected)
    if output.video is not None and isinstance(output.video.encoder, FrameCapture):
        return _captures(task, output, output.video.encoder, workshop, collected)
    path = workshop.folder / file_name(output)
    if not path.exists() or path.stat().st_size == 0:
        raise TranscodeFailed("Encoder: [an output file was not produced]")
    muxer = muxer_of(output).format
    media = workshop.measure(path, _DEMUXERS.get(muxer, muxer))
    video = media.main_video
    if output.video is not None and video is None:
        raise TranscodeFailed("Encoder: [no video was produced for a file output]")
    if video is not None and video.rotation:
        raise TranscodeFailed("Encoder: [an output kept the rotation of its input]")
    collected.add(Upload(path, output.location, content_type(extension_of(output.output)), task.s3))
    seconds = media.duration or workshop.seconds or 0.0
    bit_rate = video.bit_rate if video else media.bit_rate
    if bit_rate is None and seconds:
        bit_rate = round(path.stat().st_size * 8 / seconds)
    return OutputResult(
        paths=(output.location.uri,),
        duration_ms=round(seconds * 1000),
        width=output.video.width if output.video else None,
        height=output.video.height if output.video else None,
        average_bitrate=bit_rate,
    )


def _sidecar(task: GroupTask, output: OutputTask, workshop: Workshop, collected: Collected) -> OutputResult:
    assert output.captions is not None  # noqa: S101 - asked by the caller
    text = write_captions(output.captions.format, workshop.cues(output.captions), output.captions.language)
    path = workshop.write(f"{output.name}.captions", text)
    collected.add(Upload(path, output.location, content_type(extension_of(output.output)), task.s3))
    return OutputResult(paths=(output.location.uri,), duration_ms=0)


def _captures(
    task: GroupTask, output: OutputTask, capture: FrameCapture, workshop: Workshop, collected: Collected
) -> OutputResult:
    images = sorted(workshop.folder.glob(f"{output.name}.*.jpg"))
    if not images:
        raise TranscodeFailed("Encoder: [no frame was captured]")
    for image in images:
        number = image.name.split(".")[1]
        location = S3Location(output.bucket, f"{output.key}.{number}.{output.extension}")
        collected.add(Upload(image, location, content_type("jpg"), task.s3))
    seconds = len(images) / capture.rate
    assert output.video is not None  # noqa: S101 - a capture has a picture
    return OutputResult(
        paths=(collected.uploads[-1].location.uri,),
        duration_ms=round(seconds * 1000),
        width=output.video.width,
        height=output.video.height,
        average_bitrate=round(sum(image.stat().st_size for image in images) * 8 / seconds),
        images=True,
    )
