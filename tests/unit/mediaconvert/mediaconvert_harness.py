"""Media made on the spot, job settings as the trigger writes them, and waiting with a deadline."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from imageio_ffmpeg import get_ffmpeg_exe
from mypy_boto3_iam import IAMClient
from mypy_boto3_mediaconvert import MediaConvertClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

Json = dict[str, Any]

DEADLINE_SECONDS = 60.0
SOURCE_BUCKET = "source"
OUTPUT_BUCKET = "output"
ROLE = "arn:aws:iam::000000000000:role/mediaconvert"
EVENT_SOURCE = "emulated.mediaconvert"
RUNGS = ((426, 240), (320, 180))

SINE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=3"]


def picture(size: str = "640x360", rate: str = "30", seconds: float = 3) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


def ffmpeg(*arguments: str) -> None:
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments], check=True, timeout=DEADLINE_SECONDS)


def wait_until[T](found: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {DEADLINE_SECONDS:.0f} s in vain for {what}")
