"""The MediaConvert job of one attempt, as CreateJob takes it. Pure.

H.264 single-pass QVBR and AAC only, at most 1080 lines and 60 frames a second, no automated ABR, no acceleration:
all of it is in the basic price tier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from sstech_video import keys, thumbnails
from sstech_video.entries import Entry
from sstech_video.ladder import MAX_FRAME_RATE, Rung, ladder
from sstech_video.sources import Source

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert.type_defs import CreateJobRequestTypeDef

GOP_SECONDS: Final = 2
SEGMENT_SECONDS: Final = 6
AUDIO_BITRATE: Final = 128_000
AUDIO_SAMPLE_RATE: Final = 48_000
AUDIO_SELECTOR: Final = "Audio Selector 1"
POSTER_BOX: Final = 1280
THUMBNAIL_BOX: Final = 240
JPEG_QUALITY: Final = 80


@dataclass(frozen=True)
class Target:
    """Where a job runs and writes, in whose name."""

    stage: str
    temp_bucket: str
    media_bucket: str
    role_arn: str
    queue_arn: str


def job_request(entry: Entry, source: Source, target: Target) -> CreateJobRequestTypeDef:
    """`entry` is the claimed one: its attempt names the folder and the token, its interval the thumbnails."""
    rungs = ladder(source)
    folder = keys.attempt(entry.owner, entry.video_id, entry.attempt)
    destination = f"s3://{target.media_bucket}/{folder}"
    request = {
        "Role": target.role_arn,
        "Queue": target.queue_arn,
        "ClientRequestToken": f"{entry.video_id}-{entry.attempt}",
        "UserMetadata": {
            "stage": target.stage,
            "owner": entry.owner,
            "videoId": entry.video_id,
            "attempt": str(entry.attempt),
        },
        "StatusUpdateInterval": "SECONDS_10",
        "AccelerationSettings": {"Mode": "DISABLED"},
        "Settings": {
            "TimecodeConfig": {"Source": "ZEROBASED"},
            "Inputs": [_input(f"s3://{target.temp_bucket}/{entry.key}", source)],
            "OutputGroups": [
                _mp4_group(destination, rungs[0], source),
                _hls_group(destination, rungs, source),
                _poster_group(destination),
                _thumbnail_group(destination, entry.thumbnail_seconds or thumbnails.UNKNOWN_INTERVAL_SECONDS),
            ],
        },
    }
    return cast("CreateJobRequestTypeDef", request)


def _input(uri: str, source: Source) -> dict[str, Any]:
    described: dict[str, Any] = {
        "FileInput": uri,
        "TimecodeSource": "ZEROBASED",
        "VideoSelector": {"Rotate": "AUTO"} if source.rotatable else {},
    }
    if source.has_audio is not False:
        described["AudioSelectors"] = {AUDIO_SELECTOR: {"DefaultSelection": "DEFAULT"}}
    return described


def _mp4_group(destination: str, rung: Rung, source: Source) -> dict[str, Any]:
    return _file_group(
        "MP4",
        destination + keys.MP4_NAME.removesuffix(".mp4"),
        {
            "ContainerSettings": {
                "Container": "MP4",
                "Mp4Settings": {"MoovPlacement": "PROGRESSIVE_DOWNLOAD"},
            },
            "VideoDescription": _video(rung, source),
            **_audio(source),
        },
    )


def _hls_group(destination: str, rungs: Sequence[Rung], source: Source) -> dict[str, Any]:
    return {
        "Name": "HLS",
        "OutputGroupSettings": {
            "Type": "HLS_GROUP_SETTINGS",
            "HlsGroupSettings": {
                "Destination": destination + keys.HLS_NAME.removesuffix(".m3u8"),
                "SegmentLength": SEGMENT_SECONDS,
                "MinSegmentLength": 0,
                "SegmentControl": "SEGMENTED_FILES",
                "DirectoryStructure": "SINGLE_DIRECTORY",
            },
        },
        "Outputs": [
            {
                "NameModifier": f"_{rung.name}",
                "ContainerSettings": {"Container": "M3U8"},
                "VideoDescription": _video(rung, source),
                **_audio(source),
            }
            for rung in rungs
        ],
    }


def _poster_group(destination: str) -> dict[str, Any]:
    return _file_group("Poster", f"{destination}poster", _frame_capture(POSTER_BOX, 1, 1))


def _thumbnail_group(destination: str, every_seconds: int) -> dict[str, Any]:
    name = keys.THUMBNAIL_PREFIX.removesuffix(".")
    # One more than planned: a probed duration may be a little short.
    captures = thumbnails.MAX_THUMBNAILS + 1
    return _file_group("Thumbnails", destination + name, _frame_capture(THUMBNAIL_BOX, every_seconds, captures))


def _file_group(name: str, destination: str, output: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": name,
        "OutputGroupSettings": {
            "Type": "FILE_GROUP_SETTINGS",
            "FileGroupSettings": {"Destination": destination},
        },
        "Outputs": [output],
    }


def _video(rung: Rung, source: Source) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Width": rung.width,
        "Height": rung.height,
        "ScalingBehavior": "FIT_NO_UPSCALE",
        "CodecSettings": {"Codec": "H_264", "H264Settings": _h264(rung, source)},
    }
    # NORMAL touches only frames that are marked as interlaced, so it is safe when nothing is known.
    if source.interlaced is not False:
        described["VideoPreprocessors"] = {
            "Deinterlacer": {"Mode": "DEINTERLACE", "Control": "NORMAL", "Algorithm": "INTERPOLATE"}
        }
    return described


def _h264(rung: Rung, source: Source) -> dict[str, Any]:
    return {
        "RateControlMode": "QVBR",
        "QualityTuningLevel": "SINGLE_PASS_HQ",
        "MaxBitrate": rung.max_bitrate,
        "QvbrSettings": {"QvbrQualityLevel": rung.level},
        "CodecProfile": "HIGH",
        "InterlaceMode": "PROGRESSIVE",
        "ParControl": "SPECIFIED",
        "ParNumerator": 1,
        "ParDenominator": 1,
        "GopSize": GOP_SECONDS,
        "GopSizeUnits": "SECONDS",
        "GopClosedCadence": 1,
        # Key frames in the same places in every rendition.
        "SceneChangeDetect": "DISABLED",
        **_frame_rate(source),
    }


def _frame_rate(source: Source) -> dict[str, Any]:
    if source.frame_rate is None or source.frame_rate <= MAX_FRAME_RATE:
        return {"FramerateControl": "INITIALIZE_FROM_SOURCE"}
    return {
        "FramerateControl": "SPECIFIED",
        "FramerateNumerator": MAX_FRAME_RATE,
        "FramerateDenominator": 1,
        "FramerateConversionAlgorithm": "DUPLICATE_DROP",
    }


def _audio(source: Source) -> dict[str, Any]:
    if source.has_audio is False:
        return {}
    settings = {
        "Bitrate": AUDIO_BITRATE,
        "CodingMode": "CODING_MODE_2_0",
        "SampleRate": AUDIO_SAMPLE_RATE,
        "CodecProfile": "LC",
        "RateControlMode": "CBR",
    }
    return {
        "AudioDescriptions": [
            {"AudioSourceName": AUDIO_SELECTOR, "CodecSettings": {"Codec": "AAC", "AacSettings": settings}}
        ]
    }


def _frame_capture(box: int, every_seconds: int, captures: int) -> dict[str, Any]:
    return {
        "ContainerSettings": {"Container": "RAW"},
        "VideoDescription": {
            "Width": box,
            "Height": box,
            "ScalingBehavior": "FIT_NO_UPSCALE",
            "CodecSettings": {
                "Codec": "FRAME_CAPTURE",
                "FrameCaptureSettings": {
                    "FramerateNumerator": 1,
                    "FramerateDenominator": every_seconds,
                    "MaxCaptures": captures,
                    "Quality": JPEG_QUALITY,
                },
            },
        },
    }
