"""Files and permissions that cannot work end the job with the service's code, quickly, and publish nothing."""

import json
import sys
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError
from imageio_ffmpeg import get_ffmpeg_exe
from mediaconvert_harness import (
    OUTPUT_BUCKET,
    SINE,
    SOURCE_BUCKET,
    Bench,
    Json,
    file_group,
    full_settings,
    h264,
    inspect,
    job_settings,
    mp4_output,
    picture,
    video,
)

from mediaconvert_standin.transcoding.runner import Runner

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]


def failed(bench: Bench, settings: Json, prefix: str, **more: str) -> tuple[int, str]:
    job = bench.convert(settings, **more)
    assert job["Status"] == "ERROR", job["Status"]
    assert bench.keys(prefix) == []
    assert list(bench.work_dir.glob("jobs/*")) == []
    return job["ErrorCode"], job["ErrorMessage"]


@pytest.fixture(scope="module")
def clip(bench: Bench) -> Path:
    bench.make("clip.mp4", *picture("320x180"), *SINE, *X264, "-movflags", "+faststart")
    return bench.scratch / "clip.mp4"


def test_missing_object_is_1404(bench: Bench) -> None:
    code, message = failed(bench, full_settings("nowhere.mp4", "missing"), "missing")
    assert code == 1404
    assert message == (
        f"Unable to open input file [s3://{SOURCE_BUCKET}/nowhere.mp4]: [Failed probe/open: "
        "[Can't read input stream: [Failed to read data: HeadObject failed]]]"
    )


def test_role_that_may_not_read_is_1401(bench: Bench, clip: Path) -> None:
    role = "arn:aws:iam::000000000000:role/writer"
    code, message = failed(bench, full_settings(clip.name, "unreadable"), "unreadable", role=role)
    assert code == 1401
    assert f"Access denied to [s3://{SOURCE_BUCKET}/clip.mp4]" in message


def test_role_that_may_not_write_is_1401_and_names_the_output(bench: Bench, clip: Path) -> None:
    role = "arn:aws:iam::000000000000:role/reader"
    code, message = failed(bench, full_settings(clip.name, "unwritable"), "unwritable", role=role)
    assert code == 1401
    assert message.startswith(f"Unable to write to output file [s3://{OUTPUT_BUCKET}/unwritable/")
    assert message.endswith("[Failed to write data: Access Denied]")


def test_a_job_that_may_not_write_deletes_nothing_of_others(bench: Bench, clip: Path) -> None:
    """Last week's output is at the key, and the role may delete there though it may not write."""
    trust = bench.iam.get_role(RoleName="mediaconvert")["Role"]["AssumeRolePolicyDocument"]
    bench.iam.create_role(RoleName="deleter", AssumeRolePolicyDocument=json.dumps(trust))
    may = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    bench.iam.put_role_policy(RoleName="deleter", PolicyName="s3", PolicyDocument=document)
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="kept/video.mp4", Body=b"last week's")
    settings = job_settings(clip.name, file_group(f"s3://{OUTPUT_BUCKET}/kept/video", mp4_output(video(h264()))))
    job = bench.convert(settings, role="arn:aws:iam::000000000000:role/deleter")
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1401)
    assert bench.text("kept/video.mp4") == "last week's"


# Names in public documents, and what could make another host or path of the address that is asked.
NO_BUCKETS = [
    "DOC-EXAMPLE-BUCKET",
    "my_bucket",
    "<MEDIABUCKET>",
    "..",
    "a",
    "arn:aws:s3:us-east-1:000000000000:accesspoint:name",
    "user@127.0.0.1:1",
    f"{OUTPUT_BUCKET}?acl",
    f"{OUTPUT_BUCKET}%2Fx",
]


@pytest.fixture(scope="module")
def everywhere(bench: Bench) -> str:
    """A role that may do anything in any bucket."""
    trust = bench.iam.get_role(RoleName="mediaconvert")["Role"]["AssumeRolePolicyDocument"]
    bench.iam.create_role(RoleName="everywhere", AssumeRolePolicyDocument=json.dumps(trust))
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    bench.iam.put_role_policy(RoleName="everywhere", PolicyName="s3", PolicyDocument=json.dumps(document))
    return "arn:aws:iam::000000000000:role/everywhere"


@pytest.mark.parametrize("bucket", NO_BUCKETS)
def test_a_bucket_that_can_not_be_is_1404_and_no_bad_request(
    bench: Bench, clip: Path, everywhere: str, bucket: str
) -> None:
    there = job_settings(clip.name, file_group(f"s3://{bucket}/x", mp4_output(video(h264(), (64, 36)))))
    job = bench.convert(there, role=everywhere)
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1404)
    assert job["ErrorMessage"].startswith(f"Unable to write to output file [s3://{bucket}/x.mp4]")
    here = job_settings(clip.name, file_group(f"s3://{OUTPUT_BUCKET}/nobucket/x", mp4_output(video(h264(), (64, 36)))))
    here["Inputs"][0]["FileInput"] = f"s3://{bucket}/a.mp4"
    job = bench.convert(here, role=everywhere)
    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1404)
    assert bench.keys("nobucket") == []


@pytest.mark.parametrize("uri", ["s3://", "s3:///key", "s3://buc\nket/key", "bucket/key"])
def test_what_names_no_bucket_is_a_bad_request(bench: Bench, clip: Path, uri: str) -> None:
    settings = job_settings(clip.name, file_group(uri, mp4_output(video(h264()))))
    with pytest.raises(bench.mediaconvert.exceptions.BadRequestException, match="/destination: Should "):
        bench.create(settings)


@pytest.mark.parametrize(("role", "expected"), [("arn:aws:iam::000000000000:role/nobody", 1434), ("not-an-arn", 1515)])
def test_unusable_role(bench: Bench, clip: Path, role: str, expected: int) -> None:
    code, _ = failed(bench, full_settings(clip.name, "role"), "role", role=role)
    assert code == expected


def test_missing_bucket_is_1404(bench: Bench, clip: Path) -> None:
    settings = job_settings(clip.name, file_group("s3://no-such-bucket/x", mp4_output(video(h264()))))
    admin = "arn:aws:iam::000000000000:role/admin"
    trust = bench.iam.get_role(RoleName="mediaconvert")["Role"]["AssumeRolePolicyDocument"]
    bench.iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(trust))
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    bench.iam.put_role_policy(RoleName="admin", PolicyName="s3", PolicyDocument=json.dumps(allow))
    code, _ = failed(bench, settings, "nothing", role=admin)
    assert code == 1404


CONTENT = {
    "empty.mp4": b"",
    "text.mp4": b"this is no video\n" * 100,
    "playlist.mp4": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:3,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "concat.mp4": b"ffconcat version 1.0\nfile /etc/hostname\n",
    "dash.mp4": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "picture.mp4": b"\x89PNG\r\n\x1a\n" + bytes(64),
}


@pytest.mark.parametrize("name", CONTENT)
def test_what_is_no_media_container_is_1010(bench: Bench, name: str) -> None:
    bench.s3.put_object(Bucket=SOURCE_BUCKET, Key=name, Body=CONTENT[name])
    code, message = failed(bench, full_settings(name, "unknown"), "unknown")
    assert code == 1010
    assert message == (
        f"Unable to open input file [s3://{SOURCE_BUCKET}/{name}]: [Failed probe/open: [No parser found for container]]"
    )


def test_mp4_without_moov_is_1075(bench: Bench) -> None:
    path = bench.scratch / "plain.mp4"
    bench.make(path.name, *picture("320x180"), *X264)
    cut = bench.scratch / "nomoov.mp4"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, message = failed(bench, full_settings(bench.upload(cut), "nomoov"), "nomoov")
    assert (code, "no moov box found in file" in message) == (1075, True)


def test_mp4_cut_in_its_media_data_is_1076(bench: Bench, clip: Path) -> None:
    cut = bench.scratch / "cut.mp4"
    data = clip.read_bytes()
    cut.write_bytes(data[: len(data) * 6 // 10])
    code, message = failed(bench, full_settings(bench.upload(cut), "cut"), "cut")
    assert code == 1076
    assert message.endswith(f"end of file hit at length [{cut.stat().st_size}]. Is file truncated?]")


def test_matroska_cut_short_is_1076(bench: Bench) -> None:
    bench.make("whole.mkv", *picture("320x180", seconds=8), *X264)
    cut = bench.scratch / "cut.mkv"
    data = (bench.scratch / "whole.mkv").read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    code, _ = failed(bench, full_settings(bench.upload(cut), "cutmkv"), "cutmkv")
    assert code == 1076


def test_damaged_middle_still_ends(bench: Bench, clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    start = len(data) // 3
    data[start : start + 40_000] = bytes(40_000)
    damaged = bench.scratch / "damaged.mp4"
    damaged.write_bytes(data)
    job = bench.convert(full_settings(bench.upload(damaged), "damaged"))
    assert job["Status"] in ("COMPLETE", "ERROR")


def test_audio_only_file_in_a_video_output_is_1020(bench: Bench) -> None:
    key = bench.make("sound.m4a", *SINE, "-c:a", "aac")
    code, message = failed(bench, full_settings(key, "sound"), "sound")
    assert (code, "No video found in program" in message) == (1020, True)


def test_cover_art_is_no_video(bench: Bench) -> None:
    art = bench.scratch / "art.jpg"
    bench.make(art.name, *picture("64x64", "1", 1), "-frames:v", "1")
    key = bench.make(
        "song.mp3", *SINE, "-i", str(art), "-map", "0:a", "-map", "1:v", "-c:a", "libmp3lame", "-c:v", "copy",
        "-disposition:v", "attached_pic",
    )  # fmt: skip
    code, _ = failed(bench, full_settings(key, "song"), "song")
    assert code == 1020


def test_unsupported_codec_is_1030(bench: Bench) -> None:
    key = bench.make("svq1.mov", *picture("320x240", seconds=1), "-c:v", "svq1")
    code, message = failed(bench, full_settings(key, "svq1"), "svq1")
    assert (code, message) == (1030, "Video codec [svq1] is not a supported input video codec")


def test_odd_source_that_is_followed_is_1040(bench: Bench) -> None:
    key = bench.make("odd_followed.mkv", *picture(seconds=1), "-vf", "scale=641:359", "-c:v", "mpeg4")
    settings = job_settings(key, file_group(f"s3://{OUTPUT_BUCKET}/odd/x", mp4_output(video(h264()))))
    code, message = failed(bench, settings, "odd/x")
    assert code == 1040
    assert message == "Invalid resolution [641 x 359], only even values are supported. video_description [1]."


def test_track_that_does_not_exist_is_1040(bench: Bench) -> None:
    key = bench.make("mute.mp4", *picture("320x180", seconds=1), *X264)
    selectors = {"Audio Selector 1": {"Tracks": [1], "SelectorType": "TRACK"}}
    settings = full_settings(key, "track")
    settings["Inputs"][0]["AudioSelectors"] = selectors
    code, message = failed(bench, settings, "track")
    assert (code, message) == (1040, "Invalid audio track specified for audio_selector [Audio Selector 1]")


def test_output_over_its_own_input_is_1040(bench: Bench, clip: Path) -> None:
    settings = job_settings(clip.name, file_group(f"s3://{SOURCE_BUCKET}/clip", mp4_output(video(h264()))))
    job = bench.convert(settings)
    assert job["ErrorCode"] == 1040
    assert job["ErrorMessage"] == f"Duplicate input and output path [s3://{SOURCE_BUCKET}/clip.mp4] found in job."


def test_two_frames_an_hour_apart_do_not_become_a_hundred_thousand(bench: Bench) -> None:
    gap = "select='lt(n\\,2)',setpts='if(eq(N\\,0)\\,0\\,3600/TB)'"
    key = bench.make("bomb.mp4", *picture("64x64"), "-vf", gap, "-fps_mode", "passthrough", *X264)
    settings = job_settings(key, file_group(f"s3://{OUTPUT_BUCKET}/bomb/x", mp4_output(video(h264()))))
    job = bench.convert(settings)
    assert job["Status"] == "COMPLETE"
    assert inspect(bench.fetch("bomb/x.mp4")).frames == pytest.approx(3600, abs=2)


def test_errors_of_a_job_are_told_once_to_the_bus(bench: Bench) -> None:
    job_id = bench.create(full_settings("nowhere.mp4", "event"))
    bench.finished(job_id)
    events = bench.events(job_id, "ERROR")
    assert [event["detail"]["status"] for event in events] == ["PROGRESSING", "ERROR"]
    assert events[-1]["detail"]["errorCode"] == 1404


@pytest.mark.parametrize("url", [f"s3://{SOURCE_BUCKET}/nowhere.mp4", "s3://../x.mp4", "s3://my_Bucket/x.mp4"])
def test_probe_of_a_missing_object_is_not_found(bench: Bench, url: str) -> None:
    with pytest.raises(bench.mediaconvert.exceptions.NotFoundException):
        bench.mediaconvert.probe(InputFiles=[{"FileUrl": url}])


def test_probe_of_something_else_than_s3_is_refused(bench: Bench) -> None:
    for url in ("file:///etc/passwd", "http://127.0.0.1/x.mp4", "s3:///x.mp4"):
        with pytest.raises(ClientError) as caught:
            bench.mediaconvert.probe(InputFiles=[{"FileUrl": url}])
        assert caught.value.response["Error"]["Code"] == "BadRequestException"


@pytest.mark.parametrize(
    ("name", "encoders", "container", "output", "message"),
    [
        ("vp8.webm", ["-c:v", "libvpx", "-b:v", "200k"], "MP4", "video", "passthrough video of codec vp8"),
        ("vorbis.mkv", [*X264, "-c:a", "libvorbis"], "M2TS", "audio", "passthrough audio of codec vorbis"),
    ],
)
def test_passthrough_into_a_container_that_can_not_hold_it_is_1040(
    bench: Bench, name: str, encoders: list[str], container: str, output: str, message: str
) -> None:
    key = bench.make(name, *picture("320x180", "30", 1), *SINE, "-t", "1", *encoders)
    copied: Json = {"CodecSettings": {"Codec": "PASSTHROUGH"}}
    shown = {"VideoDescription": copied if output == "video" else video(h264())}
    heard = {"AudioDescriptions": [copied]} if output == "audio" else {}
    group = file_group(
        f"s3://{OUTPUT_BUCKET}/copied/{output}", {"ContainerSettings": {"Container": container}, **shown, **heard}
    )
    code, found = failed(bench, job_settings(key, group, VideoSelector={}), "copied")
    assert code == 1040
    assert message in found


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let one process limit another")
def test_the_kernel_bounds_processor_time_memory_and_files_of_ffmpeg(tmp_path: Path) -> None:
    argv = ["-v", "error", "-nostdin", "-progress", "pipe:1", "-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"]
    runner = Runner(get_ffmpeg_exe(), argv, tmp_path, 1.0)
    seen: list[int] = []

    def look(_seconds: float, _frames: int) -> None:
        children = [child for child in psutil.Process().children() if "testsrc2" in child.cmdline()]
        kinds = (psutil.RLIMIT_CPU, psutil.RLIMIT_DATA, psutil.RLIMIT_FSIZE, psutil.RLIMIT_NOFILE, psutil.RLIMIT_CORE)
        seen.extend(limit for child in children for kind in kinds for limit in child.rlimit(kind))
        runner.kill()

    runner.run(look)
    assert seen
    assert psutil.RLIM_INFINITY not in seen
