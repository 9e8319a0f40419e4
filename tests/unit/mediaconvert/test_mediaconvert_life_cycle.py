"""Jobs over the wire: what GetJob says, what the bus is told, cancel, replay, and what lies in the bucket."""

import itertools
import sqlite3
import threading
from typing import Any

import pytest
from mediaconvert_harness import (
    OUTPUT_BUCKET,
    ROLE,
    RUNGS,
    SINE,
    SLOW,
    SOURCE_BUCKET,
    Bench,
    Json,
    capture_output,
    file_group,
    full_settings,
    h264,
    job_settings,
    mp4_output,
    picture,
    video,
    wait_until,
)

from mediaconvert_standin.state.jobs import Job
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.storage.journal import Journal

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
QUEUE = "arn:aws:mediaconvert:us-east-1:000000000000:queues/Default"


@pytest.fixture(scope="module")
def clip(bench: Bench) -> str:
    return bench.make("life.mp4", *picture("640x360", "25", 14), *SINE, *X264, "-c:a", "aac")


@pytest.fixture(scope="module")
def slow_clip(bench: Bench) -> str:
    """Long enough that a cancel always meets it at work."""
    return bench.make("slow.mp4", *SLOW)


@pytest.fixture(scope="module")
def complete(bench: Bench, clip: str) -> tuple[Json, list[Json]]:
    job_id = bench.create(
        full_settings(clip, "life"), UserMetadata={"videoId": "v1"}, StatusUpdateInterval="SECONDS_10"
    )
    job = bench.finished(job_id)
    assert job["Status"] == "COMPLETE", job.get("ErrorMessage")
    return job, bench.events(job_id, "COMPLETE")


def test_every_output_is_published_under_the_service_s_names(bench: Bench, complete: Any) -> None:
    rungs = [f"hls/video_{height}p" for _, height in RUNGS]
    expected = ["hls/video.m3u8", "poster.0000000.jpg", "video.mp4"]
    expected += [f"{rung}.m3u8" for rung in rungs]
    expected += [f"{rung}_{number:05d}.ts" for rung in rungs for number in (1, 2, 3)]
    expected += [f"thumbs.{number:07d}.jpg" for number in range(7)]
    assert bench.keys("life") == sorted(expected)


def test_content_types(bench: Bench, complete: Any) -> None:
    kinds = {
        "video.mp4": "video/mp4",
        "hls/video.m3u8": "application/x-mpegURL",
        "hls/video_240p_00001.ts": "video/MP2T",
        "poster.0000000.jpg": "image/jpeg",
    }
    for name, kind in kinds.items():
        assert bench.s3.head_object(Bucket=OUTPUT_BUCKET, Key=f"life/{name}")["ContentType"] == kind


def test_the_index_of_the_mp4_comes_before_its_data(bench: Bench, complete: Any) -> None:
    data = bench.fetch("life/video.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_master_playlist(bench: Bench, complete: Any) -> None:
    lines = bench.text("life/hls/video.m3u8").splitlines()
    assert lines[:3] == ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-INDEPENDENT-SEGMENTS"]
    assert lines[4::2] == ["video_240p.m3u8", "video_180p.m3u8"]
    for line, (width, height) in zip(lines[3::2], RUNGS, strict=True):
        assert line.startswith("#EXT-X-STREAM-INF:BANDWIDTH=")
        assert f"RESOLUTION={width}x{height},FRAME-RATE=25.000" in line
        assert 'CODECS="avc1.6400' in line
        assert 'mp4a.40.2"' in line


def test_child_playlist_lists_whole_gops_and_the_real_length(bench: Bench, complete: Any) -> None:
    lines = bench.text("life/hls/video_240p.m3u8").splitlines()
    assert lines[:5] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:1",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    assert lines[5:-1:2] == ["#EXTINF:6.000,", "#EXTINF:6.000,", "#EXTINF:2.000,"]
    assert lines[-1] == "#EXT-X-ENDLIST"


def test_get_job_shows_lengths_and_sizes_but_no_paths(complete: tuple[Json, list[Json]]) -> None:
    job, _ = complete
    groups = job["OutputGroupDetails"]
    assert len(groups) == 4
    assert groups[0]["OutputDetails"] == [
        {"DurationInMs": 14000, "VideoDetails": {"WidthInPx": 640, "HeightInPx": 360}}
    ]
    assert job["JobPercentComplete"] == 100
    assert job["Queue"] == QUEUE
    assert job["UserMetadata"] == {"videoId": "v1"}
    assert job["Timing"]["SubmitTime"] <= job["Timing"]["StartTime"] <= job["Timing"]["FinishTime"]
    assert job["Messages"] == {"Info": [], "Warning": []}


def test_events_in_order_with_the_documented_envelope(complete: tuple[Json, list[Json]]) -> None:
    job, events = complete
    statuses = [event["detail"]["status"] for event in events if event["detail"]["status"] != "STATUS_UPDATE"]
    assert statuses == ["PROGRESSING", "INPUT_INFORMATION", "NEW_WARNING", "NEW_WARNING", "COMPLETE"]
    for event in events:
        assert event["detail-type"] == "MediaConvert Job State Change"
        assert event["resources"] == [job["Arn"]]
        detail = event["detail"]
        assert isinstance(detail["timestamp"], int)
        assert detail["timestamp"] > 10**12
        assert (detail["queue"], detail["userMetadata"]) == (QUEUE, {"videoId": "v1"})


def test_pictures_without_tags_are_warned_of(complete: tuple[Json, list[Json]]) -> None:
    job, events = complete
    told = [event["detail"]["warningCode"] for event in events if event["detail"]["status"] == "NEW_WARNING"]
    assert told == ["230001", "230005"]
    assert job["Warnings"] == [{"Code": 230001, "Count": 1}, {"Code": 230005, "Count": 1}]


def test_input_information(complete: tuple[Json, list[Json]]) -> None:
    detail = next(event["detail"] for event in complete[1] if event["detail"]["status"] == "INPUT_INFORMATION")
    (found,) = detail["inputDetails"]
    assert found["uri"] == f"s3://{SOURCE_BUCKET}/life.mp4"
    assert found["video"][0] | {"fourCC": "avc1"} == {
        "bitDepth": 8,
        "codec": "H_264",
        "colorFormat": "YUV_420",
        "fourCC": "avc1",
        "frameRate": 25.0,
        "height": 360,
        "interlaceMode": "PROGRESSIVE",
        "sar": "1:1",
        "standard": "UNSPECIFIED",
        "streamId": 1,
        "width": 640,
    }
    assert found["audio"] == [{"channels": 1, "codec": "AAC", "language": "UND", "sampleRate": 44100, "streamId": 2}]


def test_complete_event_names_what_was_made(complete: tuple[Json, list[Json]]) -> None:
    mp4, hls, poster, thumbs = complete[1][-1]["detail"]["outputGroupDetails"]
    to = f"s3://{OUTPUT_BUCKET}/life"
    assert mp4["type"] == "FILE_GROUP"
    assert mp4["outputDetails"][0]["outputFilePaths"] == [f"{to}/video.mp4"]
    assert mp4["outputDetails"][0]["videoDetails"]["averageBitrate"] > 10_000
    assert "playlistFilePaths" not in mp4
    assert (hls["type"], hls["playlistFilePaths"]) == ("HLS_GROUP", [f"{to}/hls/video.m3u8"])
    assert [output["outputFilePaths"] for output in hls["outputDetails"]] == [
        [f"{to}/hls/video_240p.m3u8"],
        [f"{to}/hls/video_180p.m3u8"],
    ]
    assert poster["outputDetails"][0]["durationInMs"] == 1000
    assert thumbs["outputDetails"][0]["outputFilePaths"] == [f"{to}/thumbs.0000006.jpg"]
    assert thumbs["outputDetails"][0]["durationInMs"] == 14000


def test_work_folder_is_empty_afterwards(bench: Bench, complete: Any) -> None:
    wait_until(lambda: True if not list(bench.work_dir.glob("jobs/*")) else None, "an empty work folder")


def test_cancel_while_transcoding_leaves_nothing(bench: Bench, slow_clip: str) -> None:
    job_id = bench.create(full_settings(slow_clip, "canceled"))

    def transcoding() -> bool | None:
        return bench.mediaconvert.get_job(Id=job_id)["Job"].get("CurrentPhase") == "TRANSCODING" or None

    wait_until(transcoding, "the transcode")
    bench.mediaconvert.cancel_job(Id=job_id)
    assert bench.mediaconvert.get_job(Id=job_id)["Job"]["Status"] == "CANCELED"
    wait_until(lambda: True if not list(bench.work_dir.glob("jobs/*")) else None, "an empty work folder")
    assert bench.keys("canceled") == []
    statuses = [event["detail"]["status"] for event in bench.events(job_id, "CANCELED")]
    assert statuses[-1] == "CANCELED"
    assert "COMPLETE" not in statuses
    assert "ERROR" not in statuses


def test_status_updates_tell_the_progress(bench: Bench, slow_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "status_update_seconds", property(lambda _: 0.1))
    job_id = bench.create(full_settings(slow_clip, "updates"), StatusUpdateInterval="SECONDS_10")

    def advanced() -> bool | None:
        return (bench.mediaconvert.get_job(Id=job_id)["Job"].get("JobPercentComplete") or 0) > 7 or None

    wait_until(advanced, "some progress")
    bench.mediaconvert.cancel_job(Id=job_id)
    details = [event["detail"] for event in bench.events(job_id, "CANCELED")]
    updates = [detail for detail in details if detail["status"] == "STATUS_UPDATE"]
    percents = [update["jobProgress"]["jobPercentComplete"] for update in updates]
    assert percents == sorted(percents)
    transcoding = next(update for update in updates if update["jobProgress"]["currentPhase"] == "TRANSCODING")
    assert transcoding["jobProgress"]["phaseProgress"]["PROBING"] == {"status": "COMPLETE", "percentComplete": 100}
    assert transcoding["jobProgress"]["phaseProgress"]["UPLOADING"] == {"status": "PENDING", "percentComplete": 0}
    assert updates[-1]["framesDecoded"] > 0
    wait_until(lambda: True if not list(bench.work_dir.glob("jobs/*")) else None, "an empty work folder")


def test_waiting_job_is_canceled_at_once_and_a_finished_one_not_at_all(bench: Bench, slow_clip: str) -> None:
    busy = [bench.create(full_settings(slow_clip, "busy")) for _ in range(8)]
    waiting = busy[-1]
    assert bench.mediaconvert.get_job(Id=waiting)["Job"]["Status"] == "SUBMITTED"
    for job_id in reversed(busy):
        bench.mediaconvert.cancel_job(Id=job_id)
        assert bench.mediaconvert.get_job(Id=job_id)["Job"]["Status"] == "CANCELED"
    with pytest.raises(bench.mediaconvert.exceptions.ConflictException, match="already CANCELED"):
        bench.mediaconvert.cancel_job(Id=waiting)
    wait_until(lambda: True if not list(bench.work_dir.glob("jobs/*")) else None, "an empty work folder")


def test_same_token_makes_one_job_even_at_the_same_moment(bench: Bench) -> None:
    settings = full_settings("nowhere.mp4", "token")
    made: list[str] = []

    def create() -> None:
        made.append(bench.create(settings, ClientRequestToken="one-token"))

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert bench.create(settings, ClientRequestToken="another") not in made


def test_list_jobs_pages_newest_first(bench: Bench) -> None:
    made = [bench.create(full_settings("nowhere.mp4", "list")) for _ in range(3)]
    first = bench.mediaconvert.list_jobs(MaxResults=2)
    second = bench.mediaconvert.list_jobs(MaxResults=2, NextToken=first["NextToken"])
    found = [job["Id"] for job in first["Jobs"] + second["Jobs"]]
    assert found[:3] == made[::-1]
    with pytest.raises(bench.mediaconvert.exceptions.BadRequestException):
        bench.mediaconvert.list_jobs(Status="COMPLETE", NextToken=first["NextToken"])
    assert {job["Status"] for job in bench.mediaconvert.list_jobs(Status="ERROR")["Jobs"]} <= {"ERROR"}


def test_queue_endpoints_and_tags(bench: Bench) -> None:
    client = bench.mediaconvert
    (queue,) = client.list_queues()["Queues"]
    assert (queue["Name"], queue["Arn"], queue["Type"], queue["PricingPlan"]) == (
        "Default",
        QUEUE,
        "SYSTEM",
        "ON_DEMAND",
    )
    assert client.get_queue(Name="Default")["Queue"]["Arn"] == QUEUE
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_queue(Name="Other")
    assert client.describe_endpoints()["Endpoints"] == [{"Url": bench.endpoint}]
    job = client.create_job(Role=ROLE, Settings=full_settings("nowhere.mp4", "t"), Tags={"k": "v"})["Job"]  # type: ignore[arg-type]
    assert client.list_tags_for_resource(Arn=job["Arn"])["ResourceTags"]["Tags"] == {"k": "v"}


def test_probe_reads_the_index_at_the_end_of_a_large_file(bench: Bench) -> None:
    """The moov box lies behind more data than is fetched from the head."""
    noise = ["-f", "lavfi", "-i", "nullsrc=s=640x360:r=30:d=3,geq=random(1)*255:128:128"]
    key = bench.make("large.mp4", *noise, *SINE, *X264, "-qp", "4")
    assert (bench.scratch / "large.mp4").stat().st_size > 8 * 1024 * 1024
    (result,) = bench.mediaconvert.probe(InputFiles=[{"FileUrl": f"s3://{SOURCE_BUCKET}/{key}"}])["ProbeResults"]
    container = result["Container"]
    assert container["Format"] == "mp4"
    assert container["Duration"] == pytest.approx(3, abs=0.05)
    video, sound = container["Tracks"]
    assert (video["Codec"], video["VideoProperties"]["Width"], video["VideoProperties"]["Height"]) == ("AVC", 640, 360)
    assert video["VideoProperties"]["FrameRate"] == {"Numerator": 30, "Denominator": 1}
    assert (sound["Codec"], sound["AudioProperties"]["SampleRate"]) == ("AAC", 44100)
    assert result["TrackMappings"][0]["VideoTrackIndexes"] == [1]
    assert result["Metadata"]["FileSize"] == (bench.scratch / "large.mp4").stat().st_size


@pytest.mark.parametrize("phase", ["PROBING", "TRANSCODING", "UPLOADING"])
def test_cancel_in_each_phase_leaves_no_file_and_no_object(bench: Bench, phase: str) -> None:
    """Phases are short: another job is tried until one is met in the phase that is meant."""
    noise = ["-f", "lavfi", "-i", "nullsrc=s=640x360:r=30:d=3,geq=random(1)*255:128:128"]
    key = bench.make("large.mp4", *noise, *SINE, *X264, "-qp", "4")
    tries = (f"cancel-{phase.lower()}-{number}" for number in itertools.count())

    def met() -> str | None:
        to = next(tries)
        images = file_group(f"s3://{OUTPUT_BUCKET}/{to}/image", capture_output((64, 36), 1, 50))
        images["Outputs"][0]["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]["FramerateNumerator"] = 25
        film = file_group(f"s3://{OUTPUT_BUCKET}/{to}/film", mp4_output(video(h264(), (320, 180))))
        job_id = bench.create(job_settings(key, film, images))
        while (job := bench.mediaconvert.get_job(Id=job_id)["Job"]).get("CurrentPhase") != phase:
            if job["Status"] in ("COMPLETE", "ERROR"):
                return None
        try:
            bench.mediaconvert.cancel_job(Id=job_id)
        except bench.mediaconvert.exceptions.ConflictException:
            return None
        wait_until(lambda: True if not (bench.work_dir / "jobs" / job_id).exists() else None, "an empty work folder")
        return to

    to = wait_until(met, f"a job in {phase}")
    # The folder may go just before the cancelation, and the objects after it.
    wait_until(lambda: bench.keys(to) == [] or None, "an empty prefix")


def full_disk_once(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, when: Json) -> list[bool]:
    """The next call of a method with the arguments ``when`` fails as on a full disk; what was met so far."""
    met: list[bool] = []
    whole = getattr(owner, name)

    def once(*given: Any, **named: Any) -> Any:
        if not met and when.items() <= named.items():
            met.append(True)
            raise sqlite3.OperationalError("database or disk is full")
        return whole(*given, **named)

    monkeypatch.setattr(owner, name, once)
    return met


FULL_DISKS = [
    (JobStore, "change", {"status": "PROGRESSING"}),
    (JobStore, "change", {"status": "COMPLETE"}),
    (Journal, "clear", {}),
]


@pytest.mark.parametrize(("owner", "name", "when"), FULL_DISKS)
def test_a_disk_that_was_full_for_a_moment_costs_no_job(
    bench: Bench, clip: str, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, when: Json
) -> None:
    met = full_disk_once(monkeypatch, owner, name, when)
    film = file_group(f"s3://{OUTPUT_BUCKET}/full/film", mp4_output(video(h264(), (320, 180))))
    job_id = bench.create(job_settings(clip, film))
    assert bench.finished(job_id)["Status"] == "COMPLETE"
    assert met
    bench.events(job_id, "COMPLETE")
    assert bench.keys("full") == ["film.mp4"]
    bench.s3.delete_object(Bucket=OUTPUT_BUCKET, Key="full/film.mp4")


def test_a_disk_that_was_full_for_a_moment_hides_no_failure(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    met = full_disk_once(monkeypatch, JobStore, "change", {"status": "ERROR"})
    job_id = bench.create(full_settings("nowhere.mp4", "full"))
    assert (bench.finished(job_id)["ErrorCode"], met) == (1404, [True])
    bench.events(job_id, "ERROR")
