"""Media made on the spot, job settings as the trigger writes them, and waiting with a deadline."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import av
from event_schema import check_event
from imageio_ffmpeg import get_ffmpeg_exe
from mypy_boto3_iam import IAMClient
from mypy_boto3_mediaconvert import MediaConvertClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

T = TypeVar("T")
Json = dict[str, Any]

DEADLINE_SECONDS = 300.0
SOURCE_BUCKET = "source"
OUTPUT_BUCKET = "output"
ROLE = "arn:aws:iam::000000000000:role/mediaconvert"
EVENT_SOURCE = "emulated.mediaconvert"
RUNGS = ((426, 240), (320, 180))

SINE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=3"]


def picture(size: str = "640x360", rate: str = "30", seconds: float = 3) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


# What pictures say of themselves, so that nothing is to be warned of.
TAGS = [
    *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"),
    *("-x264-params", "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv"),
]


# Cheap to make, and long enough that whoever interrupts its conversion meets it at work.
SLOW = [*picture("640x360", "50", 120), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]


def ffmpeg(*arguments: str) -> None:
    subprocess.run(
        [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments], check=True, timeout=DEADLINE_SECONDS
    )


def wait_until(found: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {DEADLINE_SECONDS:.0f} s in vain for {what}")


def h264(**changes: Any) -> Json:
    settings = {
        "RateControlMode": "QVBR",
        "QualityTuningLevel": "SINGLE_PASS",
        "MaxBitrate": 2_000_000,
        "QvbrSettings": {"QvbrQualityLevel": 6},
        "CodecProfile": "HIGH",
        "GopSize": 2,
        "GopSizeUnits": "SECONDS",
        "GopClosedCadence": 1,
        "FramerateControl": "INITIALIZE_FROM_SOURCE",
        "SceneChangeDetect": "DISABLED",
        "ParControl": "SPECIFIED",
        "ParNumerator": 1,
        "ParDenominator": 1,
    }
    return {"Codec": "H_264", "H264Settings": settings | changes}


def frame_capture(every_seconds: int, captures: int) -> Json:
    settings = {
        "FramerateNumerator": 1,
        "FramerateDenominator": every_seconds,
        "MaxCaptures": captures,
        "Quality": 80,
    }
    return {"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": settings}


def video(codec: Json, size: tuple[int, int] | None = None, **more: Any) -> Json:
    sized = {"Width": size[0], "Height": size[1], "ScalingBehavior": "FIT_NO_UPSCALE"} if size else {}
    return {"CodecSettings": codec, **sized, **more}


def audio(**more: Any) -> Json:
    aac = {"Bitrate": 128_000, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48_000}
    return {"CodecSettings": {"Codec": "AAC", "AacSettings": aac}, **more}


def mp4_output(described: Json, **more: Any) -> Json:
    return {
        "ContainerSettings": {"Container": "MP4"},
        "VideoDescription": described,
        "AudioDescriptions": [audio()],
        **more,
    }


def file_group(destination: str, *outputs: Json) -> Json:
    settings = {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {"Destination": destination}}
    return {"OutputGroupSettings": settings, "Outputs": list(outputs)}


def hls_group(destination: str, outputs: list[Json], **more: Any) -> Json:
    hls = {"Destination": destination, "SegmentLength": 6, "MinSegmentLength": 0, **more}
    return {"OutputGroupSettings": {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": hls}, "Outputs": outputs}


def rung(size: tuple[int, int], **more: Any) -> Json:
    return {
        "NameModifier": f"_{size[1]}p",
        "ContainerSettings": {"Container": "M3U8"},
        "VideoDescription": video(h264(), size, **more),
        "AudioDescriptions": [audio()],
    }


def capture_output(size: tuple[int, int], every_seconds: int, captures: int) -> Json:
    codec = frame_capture(every_seconds, captures)
    return {"ContainerSettings": {"Container": "RAW"}, "VideoDescription": video(codec, size)}


def job_settings(key: str, *groups: Json, **more: Any) -> Json:
    source = {
        "FileInput": f"s3://{SOURCE_BUCKET}/{key}",
        "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
        "VideoSelector": {"Rotate": "AUTO"},
        "TimecodeSource": "ZEROBASED",
        **more,
    }
    return {"Inputs": [source], "OutputGroups": list(groups)}


def full_settings(key: str, prefix: str, box: tuple[int, int] = (1280, 720), **more: Any) -> Json:
    """The four groups of the product: MP4, ladder, poster, thumbnails."""
    to = f"s3://{OUTPUT_BUCKET}/{prefix}"
    return job_settings(
        key,
        file_group(f"{to}/video", mp4_output(video(h264(), box, **more))),
        hls_group(f"{to}/hls/video", [rung(size, **more) for size in RUNGS]),
        file_group(f"{to}/poster", capture_output(box, 1, 1)),
        file_group(f"{to}/thumbs", capture_output((120, 120), 2, 50)),
    )


@dataclass(frozen=True)
class Bench:
    """The stand-in over the wire, with the engine's S3 and a queue that receives every event."""

    endpoint: str
    mediaconvert: MediaConvertClient
    s3: S3Client
    iam: IAMClient
    sqs: SQSClient
    event_queue: str
    work_dir: Path
    scratch: Path
    made: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def upload(self, path: Path) -> str:
        with path.open("rb") as body:
            self.s3.put_object(Bucket=SOURCE_BUCKET, Key=path.name, Body=body)
        return path.name

    def make(self, name: str, *arguments: str) -> str:
        """Make a clip with ffmpeg and upload it; its key."""
        path = self.scratch / name
        # Tests of a run share the folder, and two of them may like the same name.
        if self.made.get(name) != arguments:
            ffmpeg(*arguments, str(path))
            self.made[name] = arguments
        return self.upload(path)

    def create(self, settings: Json, role: str = ROLE, **more: Any) -> str:
        job = self.mediaconvert.create_job(Role=role, Settings=settings, **more)["Job"]  # type: ignore[arg-type]
        return job["Id"]

    def finished(self, job_id: str) -> Json:
        def ended() -> Json | None:
            job = dict(self.mediaconvert.get_job(Id=job_id)["Job"])
            return job if job["Status"] in ("COMPLETE", "ERROR", "CANCELED") else None

        return wait_until(ended, f"the end of job {job_id}")

    def convert(self, settings: Json, **more: Any) -> Json:
        return self.finished(self.create(settings, **more))

    def keys(self, prefix: str) -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=OUTPUT_BUCKET, Prefix=f"{prefix}/")
        return [item["Key"].removeprefix(f"{prefix}/") for item in listing.get("Contents", [])]

    def text(self, key: str) -> str:
        return self.s3.get_object(Bucket=OUTPUT_BUCKET, Key=key)["Body"].read().decode()

    def fetch(self, key: str) -> Path:
        path = self.scratch / key.replace("/", "_")
        path.write_bytes(self.s3.get_object(Bucket=OUTPUT_BUCKET, Key=key)["Body"].read())
        return path

    def events(self, job_id: str, until: str) -> list[Json]:
        """The events of a job in the order received, up to the one with status ``until``."""
        found: list[Json] = []

        def received() -> list[Json] | None:
            answer = self.sqs.receive_message(QueueUrl=self.event_queue, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if messages:
                handles = [
                    {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages
                ]
                self.sqs.delete_message_batch(QueueUrl=self.event_queue, Entries=handles)
            for message in messages:
                event = json.loads(message["Body"])
                check_event(event)
                if event["detail"]["jobId"] == job_id:
                    found.append(event)
            return found if any(event["detail"]["status"] == until for event in found) else None

        return wait_until(received, f"the event {until} of job {job_id}")


@dataclass(frozen=True)
class Facts:
    """What a player would find in a file."""

    size: tuple[int, int]
    codec: str
    pixel_format: str
    duration: float
    rotation: int
    audio: tuple[str, int, int] | None  # codec, channels, Hz
    key_frames: tuple[float, ...]  # seconds from the first frame
    frames: int
    frame_steps: frozenset[float]  # seconds between neighbours; one value means a constant rate
    interlaced: bool


def inspect(path: Path) -> Facts:
    with av.open(str(path)) as media:
        stream = media.streams.video[0]
        frames = list(media.decode(stream))
        sound = media.streams.audio[0].codec_context if media.streams.audio else None
        times = [frame.time or 0.0 for frame in frames]
        return Facts(
            size=(frames[0].width, frames[0].height),
            codec=stream.codec_context.name,
            pixel_format=frames[0].format.name,
            duration=(media.duration or 0) / 1_000_000,
            rotation=frames[0].rotation,
            audio=(sound.name, sound.channels, sound.sample_rate) if sound is not None else None,
            key_frames=tuple(
                round(time - times[0], 3) for time, frame in zip(times, frames, strict=True) if frame.key_frame
            ),
            frames=len(frames),
            frame_steps=frozenset(round(b - a, 3) for a, b in pairwise(times)),
            interlaced=any(frame.interlaced_frame for frame in frames),
        )
