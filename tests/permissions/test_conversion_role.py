"""What MediaConvert may do in the role of a job: the stand-in takes the role on, so that a missing permission shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from engine import free_port
from unit.functions.harness import some_entry

from devstack import clips
from devstack.media import find_ffmpeg
from devstack.waiting import wait_for
from sstech_video.conversion import Target, job_request
from sstech_video.sources import Source

from .world import ROOT, World

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient

ROLE = "ConversionRole"
START_SECONDS = 60
JOB_SECONDS = 120
ENDED = {"COMPLETE", "ERROR"}
SMALL = Source(rotatable=True, duration_ms=1000, has_video=True, has_audio=True, width=160, height=90)


@pytest.fixture(scope="module")
def mediaconvert(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaConvertClient]:
    """A MediaConvert that really converts, beside the stack's engine."""
    folder, port = tmp_path_factory.mktemp("mediaconvert"), free_port()
    url = f"http://127.0.0.1:{port}"
    credentials = {
        "AWS_ACCESS_KEY_ID": world.engine.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": world.engine.secret_access_key or "",
        "AWS_DEFAULT_REGION": world.engine.region,
    }
    environment = {
        **os.environ,
        **credentials,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "AWS_ENDPOINT_URL": world.engine.endpoint_url or "",
        "MEDIACONVERT_ACCOUNT_ID": world.place.account,
        "MEDIACONVERT_EVENT_SOURCE": "emulated.mediaconvert",
        "MEDIACONVERT_WORK_DIR": str(folder),
        "MEDIACONVERT_FFMPEG": str(find_ffmpeg()),
        "PYTHONPATH": str(ROOT / "services" / "mediaconvert"),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mediaconvert_standin"], env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _is_healthy(url), "MediaConvert to start", timeout=START_SECONDS)
        yield boto3.client(
            "mediaconvert",
            endpoint_url=url,
            region_name=world.engine.region,
            aws_access_key_id=world.engine.access_key_id,
            aws_secret_access_key=world.engine.secret_access_key,
        )
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.make_clip("mp4-h264-aac", tmp_path_factory.mktemp("clip"), seconds=1.0, size=(160, 90))


def convert(mediaconvert: MediaConvertClient, world: World, clip: Path, video_id: str) -> dict[str, Any]:
    """A job as the trigger makes it, at its end."""
    owner = "6d0c3f0e-0000-4000-8000-000000000001"
    key = f"uploads/{owner}/{video_id}/original.mp4"
    entry = some_entry(owner=owner, video_id=video_id, key=key, attempt=1, thumbnail_seconds=1)
    world.s3.put_object(Bucket=world.outputs["TempBucketName"], Key=key, Body=clip.read_bytes())
    target = Target(
        stage="local",
        temp_bucket=world.outputs["TempBucketName"],
        media_bucket=world.outputs["MediaBucketName"],
        role_arn=f"arn:aws:iam::{world.place.account}:role/{world.roles[ROLE]}",
        queue_arn=world.job_queue_arn,
    )
    job_id = mediaconvert.create_job(**job_request(entry, SMALL, target))["Job"]["Id"]

    def ended() -> dict[str, Any] | None:
        job = dict(mediaconvert.get_job(Id=job_id)["Job"])
        return job if job["Status"] in ENDED else None

    return wait_for(ended, f"the job of {video_id} to end", timeout=JOB_SECONDS)


@pytest.mark.parametrize(
    ("removed", "video_id", "status"),
    [
        (None, "7zzzzzzzzz0123456780", "COMPLETE"),
        ("ReadOriginals", "7zzzzzzzzz0123456781", "ERROR"),
        ("WriteConverted", "7zzzzzzzzz0123456782", "ERROR"),
    ],
)
def test_a_job_needs_to_read_the_original_and_to_write_the_outputs(
    removed: str | None, video_id: str, status: str, mediaconvert: MediaConvertClient, world: World, clip: Path
) -> None:
    with world.without(ROLE, removed) if removed else nullcontext():
        job = convert(mediaconvert, world, clip, video_id)
    assert job["Status"] == status, job.get("ErrorMessage")
