import pytest

from devstack import clips, media

CODECS = {
    "mp4-h264-aac": ("h264", "aac"),
    "mov-hevc-10bit": ("hevc", "aac"),
    "mkv-vp9-opus": ("vp9", "opus"),
    "avi-mpeg4-mp3": ("mpeg4", "mp3"),
    "webm-vp8-vorbis": ("vp8", "vorbis"),
    "ts-mpeg2-interlaced": ("mpeg2video", "mp2"),
    "mp4-portrait-rotated": ("h264", "aac"),
    "mp4-silent": ("h264", None),
}


@pytest.mark.parametrize("name", clips.PLAYABLE)
def test_every_clip_is_what_its_name_says(name, tmp_path):
    clip = clips.make_clip(name, tmp_path)
    seen = media.probe(clip)
    video, audio = CODECS[name]
    assert seen.video_codec == video
    assert (seen.audio_codec or "").startswith(audio or "")
    assert (seen.audio_codec is None) == (audio is None)
    assert (seen.width, seen.height) == clips.RECIPES[name].size
    assert seen.duration == pytest.approx(clips.SECONDS, abs=0.1)
    assert seen.interlaced == ("interlaced" in name)
    assert (seen.rotation != 0) == ("rotated" in name)
    assert seen.pixel_format == ("yuv420p10le" if "10bit" in name else "yuv420p")
    assert media.decode(clip).video_frames == clips.SECONDS * clips.RATE


def test_audio_only_has_no_video(tmp_path):
    with pytest.raises(media.MediaError, match="no video"):
        media.probe(clips.make_clip("m4a-audio-only", tmp_path))


@pytest.mark.parametrize("make", [clips.make_corrupt, clips.make_truncated])
def test_broken_clips_do_not_decode(make, tmp_path):
    with pytest.raises(media.MediaError, match="cannot be decoded"):
        media.decode(make(tmp_path))


def test_bytes_are_probed_like_files(tmp_path):
    clip = clips.make_clip("mp4-h264-aac", tmp_path)
    assert media.probe(clip.read_bytes()) == media.probe(clip)


def test_padding_gives_the_exact_size_and_leaves_the_video(tmp_path):
    clip = clips.make_clip("mp4-h264-aac", tmp_path)
    before = media.decode(clip)
    clips.pad(clip, 5_000_000)
    assert clip.stat().st_size == 5_000_000
    assert media.decode(clip) == before


def test_faststart_is_seen_in_the_order_of_the_boxes():
    moov, mdat = b"\0\0\0\x08moov", b"\0\0\0\x08mdat"
    large_free = b"\0\0\0\x01free" + (20).to_bytes(8) + b"\0" * 4
    assert media.is_faststart(moov + large_free + mdat)
    assert not media.is_faststart(mdat + moov)
    assert not media.is_faststart(moov)
    assert media.is_faststart(moov + b"\0\0\0\0mdat to the end")


@pytest.mark.parametrize("data", [b"\0\0\0\x07moov", b"\0\0\xff\xffmoov", b"\0\0\0\x01moov" + bytes(8), b"\0\0\0"])
def test_boxes_that_lie_about_their_size_are_refused(data):
    with pytest.raises(media.MediaError, match="does not fit"):
        media.is_faststart(data)


def test_an_old_or_odd_ffmpeg_on_the_path_is_passed_over(tmp_path, monkeypatch):
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2 Copyright'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert media.find_ffmpeg() != old
