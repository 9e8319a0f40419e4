"""Every kind of source a person may upload comes out right."""

from array import array
from pathlib import Path
from zlib import crc32

import av
import pytest
from mediaconvert_harness import RUNGS, SINE, Bench, Facts, full_settings, inspect, picture

DEINTERLACE = {"Deinterlacer": {"Mode": "DEINTERLACE", "Control": "NORMAL", "Algorithm": "INTERPOLATE"}}
YUV = ["-pix_fmt", "yuv420p"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", *YUV]


def mp4(bench: Bench, key: str, prefix: str, **more: object) -> Facts:
    job = bench.convert(full_settings(key, prefix, **more))  # type: ignore[arg-type]
    assert job["Status"] == "COMPLETE", job.get("ErrorMessage")
    return inspect(bench.fetch(f"{prefix}/video.mp4"))


CONTAINERS = {
    "h264_aac.mp4": [*X264, "-c:a", "aac"],
    "hevc10.mov": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error",
                   "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-c:a", "aac"],
    "vp9_opus.mkv": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", *YUV, "-c:a", "libopus"],
    "vp8_vorbis.webm": ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", *YUV, "-c:a", "libvorbis"],
    "mpeg4_mp3.avi": ["-c:v", "mpeg4", "-q:v", "5", "-c:a", "libmp3lame"],
    "wmv.asf": ["-c:v", "wmv2", "-q:v", "5", "-c:a", "wmav2"],
    "flv.flv": ["-c:v", "flv1", "-q:v", "5", "-c:a", "libmp3lame"],
    "mpeg2.mpg": ["-c:v", "mpeg2video", "-q:v", "5", "-c:a", "mp2", "-f", "mpeg"],
    "theora.ogv": ["-c:v", "libtheora", "-q:v", "5", "-c:a", "libvorbis"],
    "prores.mov": ["-c:v", "prores", "-c:a", "pcm_s16le"],
}  # fmt: skip


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_and_codecs_become_a_playable_mp4_of_the_same_length(bench: Bench, name: str) -> None:
    key = bench.make(name, *picture(), *SINE, *CONTAINERS[name])
    found = mp4(bench, key, f"containers/{name}")
    assert found.size == (640, 360)
    assert (found.codec, found.pixel_format) == ("h264", "yuv420p")
    assert found.audio == ("aac", 2, 48000)
    assert found.duration == pytest.approx(3, abs=0.1)
    assert found.frames == pytest.approx(90, abs=2)


def test_portrait_phone_video_is_upright_and_its_rotation_tag_is_gone(bench: Bench, tmp_path: Path) -> None:
    bench.make("landscape.mp4", *picture("320x180"), *X264)
    source = str(bench.scratch / "landscape.mp4")
    key = bench.make("portrait.mp4", "-display_rotation:v:0", "-90", "-i", source, "-c", "copy")
    found = mp4(bench, key, "portrait")
    assert (found.size, found.rotation) == ((180, 320), 0)
    poster = inspect(bench.fetch("portrait/poster.0000000.jpg"))
    assert poster.size == (180, 320)


def test_rotation_is_dropped_unless_asked_for(bench: Bench) -> None:
    bench.make("landscape.mp4", *picture("320x180"), *X264)
    source = str(bench.scratch / "landscape.mp4")
    key = bench.make("portrait.mp4", "-display_rotation:v:0", "-90", "-i", source, "-c", "copy")
    settings = full_settings(key, "unrotated")
    settings["Inputs"][0]["VideoSelector"] = {}
    assert bench.convert(settings)["Status"] == "COMPLETE"
    found = inspect(bench.fetch("unrotated/video.mp4"))
    assert (found.size, found.rotation) == ((320, 180), 0)


def test_interlaced_transport_stream_is_deinterlaced(bench: Bench) -> None:
    fields = [
        *X264,
        "-vf",
        "tinterlace=interleave_top,format=yuv420p",
        "-flags",
        "+ilme+ildct",
        "-x264-params",
        "tff=1",
    ]
    key = bench.make("interlaced.ts", *picture("640x360", "50"), *SINE, *fields, "-c:a", "mp2")
    assert inspect(bench.scratch / "interlaced.ts").interlaced
    found = mp4(bench, key, "interlaced", VideoPreprocessors=DEINTERLACE)
    assert not found.interlaced
    assert found.frames == pytest.approx(75, abs=1)
    assert found.duration == pytest.approx(3, abs=0.1)


def test_silent_video_gets_no_audio_track(bench: Bench) -> None:
    key = bench.make("silent.mp4", *picture("320x180"), *X264)
    found = mp4(bench, key, "silent")
    assert found.audio is None
    assert "mp4a" not in bench.text("silent/hls/video.m3u8")


def test_variable_frame_rate_becomes_constant(bench: Bench) -> None:
    drop = "select='not(mod(n\\,3))+lt(n\\,30)',setpts=PTS"
    key = bench.make("vfr.mkv", *picture("320x180", "30"), "-vf", drop, "-fps_mode", "vfr", *X264)
    found = mp4(bench, key, "vfr")
    assert found.duration == pytest.approx(3, abs=0.15)
    assert len(found.frame_steps) == 1


def test_ntsc_rate_is_kept_exactly(bench: Bench) -> None:
    key = bench.make("ntsc.mp4", *picture("320x180", "30000/1001", 10), *X264)
    found = mp4(bench, key, "ntsc")
    assert found.frames == 300
    assert "FRAME-RATE=29.970" in bench.text("ntsc/hls/video.m3u8")


def test_odd_source_fits_into_even_size_below_the_source(bench: Bench) -> None:
    key = bench.make("odd.mkv", *picture(), "-vf", "scale=641:359,setsar=1", "-c:v", "mpeg4", "-q:v", "5")
    assert mp4(bench, key, "odd").size == (640, 358)


def test_anamorphic_source_gets_square_pixels(bench: Bench) -> None:
    key = bench.make("pal.mp4", *picture("360x288"), "-vf", "setsar=64/45", *X264)
    assert mp4(bench, key, "pal").size == (512, 288)


def test_audio_that_starts_late_stays_in_sync(bench: Bench) -> None:
    key = bench.make("late.mkv", *picture("320x180"), "-itsoffset", "1", *SINE, *X264)
    found = mp4(bench, key, "late")
    assert found.duration == pytest.approx(4, abs=0.15)
    loud = _first_sound(bench.fetch("late/video.mp4"))
    assert loud == pytest.approx(1.0, abs=0.06)


def _first_sound(path: Path) -> float:
    """Seconds to the first sample that is not silence."""
    with av.open(str(path)) as media:
        for frame in media.decode(audio=0):
            samples = array("f", bytes(frame.planes[0])[: 4 * frame.samples])
            if max(map(abs, samples)) > 0.01:
                return frame.time or 0.0
    raise AssertionError("no sound")


def test_key_frames_are_at_the_same_times_in_every_rung(bench: Bench) -> None:
    key = bench.make("long.mp4", *picture("640x360", "25", 15), *X264)
    assert mp4(bench, key, "aligned").key_frames == (0, 2, 4, 6, 8, 10, 12, 14)
    for _, height in RUNGS:
        starts, at = [], 0.0
        for number in (1, 2, 3):
            segment = inspect(bench.fetch(f"aligned/hls/video_{height}p_{number:05d}.ts"))
            starts += [round(at + time, 3) for time in segment.key_frames]
            at += segment.frames / 25
        assert starts == [0, 2, 4, 6, 8, 10, 12, 14]


def test_rung_like_the_mp4_has_its_pictures_and_every_segment_plays_alone(bench: Bench) -> None:
    key = bench.make("long.mp4", *picture("640x360", "25", 15), *X264)
    whole = mp4(bench, key, "shared", box=RUNGS[0])
    assert whole.size == RUNGS[0]
    pictures: list[int] = []
    for number in (1, 2, 3):
        path = bench.fetch(f"shared/hls/video_{RUNGS[0][1]}p_{number:05d}.ts")
        assert inspect(path).key_frames[0] == 0
        pictures += _pictures(path)
    assert pictures == _pictures(bench.scratch / "shared_video.mp4")
    assert 'CODECS="avc1.6400' in bench.text("shared/hls/video.m3u8")


def _pictures(path: Path) -> list[int]:
    with av.open(str(path)) as media:
        return [crc32(bytes(frame.planes[0])) for frame in media.decode(video=0)]


def test_nothing_personal_of_the_source_is_in_the_output(bench: Bench) -> None:
    tags = ["-metadata", "title=home address", "-metadata", "location=+38.7-9.1/", "-movflags", "use_metadata_tags"]
    key = bench.make("tagged.mp4", *picture("320x180"), *X264, *tags)
    assert mp4(bench, key, "tagged").size == (320, 180)
    data = bench.fetch("tagged/video.mp4").read_bytes()
    assert b"home address" in (bench.scratch / "tagged.mp4").read_bytes()
    assert b"home address" not in data
    assert b"+38.7" not in data
    assert str(bench.work_dir).encode() not in data
