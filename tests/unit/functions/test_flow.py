"""The functions, one after the other, as AWS calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import harness
from functions.harness import complete_event, job_event

if TYPE_CHECKING:
    from functions.conftest import Platform


def test_a_video_goes_from_upload_to_ready_and_loses_its_original(platform: Platform) -> None:
    upload = platform.new_upload()
    assert platform.video(upload)["status"] == "uploading"
    assert harness.put(upload, harness.MP4_START).status_code == 200
    assert platform.arrive(upload) == []
    assert platform.video(upload)["status"] == "converting"

    job = platform.job(upload)
    platform.happen(job_event(job, "STATUS_UPDATE", jobProgress={"jobPercentComplete": 42}))
    assert platform.video(upload)["progress"] == 42

    folder = platform.publish(upload)
    platform.happen(complete_event(job))
    video = platform.video(upload)
    assert (video["status"], video["progress"], video["error"]) == ("ready", 100, None)
    assert (video["durationMs"], video["width"], video["height"]) == (12300, 1280, 720)
    assert video["posterUrl"].startswith(f"{harness.SITE_URL}/{folder}poster.0000000.jpg?Policy=")
    assert platform.keys(harness.TEMP_BUCKET, upload["key"]) == []
    assert platform.keys(harness.TEMP_BUCKET, f"pending/{upload['videoId']}") == []
    webvtt = platform.s3.get_object(Bucket=harness.MEDIA_BUCKET, Key=f"{folder}thumbs.vtt")["Body"].read().decode()
    assert webvtt.count(" --> ") == 3
    assert "thumbs.0000002.jpg" in webvtt
