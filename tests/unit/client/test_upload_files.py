import pytest

from devstack import clips
from devstack.upload.files import FileRefusedError, check, select

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626001000000ffff03000006"
    "000557bfabd40000000049454e44ae426082"
)
NOT_VIDEOS = {
    "note.mp4": (b"dear diary\n" * 100, "text"),
    "playlist.mp4": (b"#EXTM3U\nhttp://example.com/secret\n", "text"),
    "concat.mp4": (b"ffconcat version 1.0\nfile /etc/passwd\n", "text"),
    "picture.mp4": (PNG, "not a video"),
    "photo.mp4": (bytes.fromhex("00000018") + b"ftypheic" + bytes(64), "photo"),
    "archive.mp4": (b"PK\x03\x04" + bytes(2000), "not a video"),
    "noise.mp4": (bytes(range(256)) * 100, "not a video"),
    "empty.mp4": (b"", "empty"),
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.make_clip("mp4-h264-aac", tmp_path_factory.mktemp("clip"))


@pytest.mark.parametrize("name", NOT_VIDEOS)
def test_what_cannot_be_a_video_is_refused_with_its_name(name, tmp_path):
    content, word = NOT_VIDEOS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefusedError, match=word) as caught:
        check(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", clips.PLAYABLE)
def test_every_format_that_converts_is_let_through(name, tmp_path):
    check(clips.make_clip(name, tmp_path))


def test_a_video_without_its_end_and_sound_alone_are_refused(tmp_path):
    for path in (clips.make_truncated(tmp_path), clips.make_clip("m4a-audio-only", tmp_path)):
        with pytest.raises(FileRefusedError):
            check(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(FileRefusedError, match="no file"):
        check(tmp_path / "nothing.mp4")
    with pytest.raises(FileRefusedError, match="--folder"):
        check(tmp_path)


def test_a_file_above_what_s3_holds_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "large.mp4"
    file.write_bytes(b"x" * 11)
    monkeypatch.setattr("devstack.upload.files.MAX_FILE_BYTES", 10)
    with pytest.raises(FileRefusedError, match="5 TiB"):
        check(file)


def test_a_folder_gives_its_videos_and_skips_the_rest(clip, tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "a.mp4").write_bytes(clip.read_bytes())
    (tmp_path / ".hidden.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "notes.txt").write_text("x")
    selection = select([tmp_path], folders=True)
    assert selection.files == (tmp_path / "a.mp4", tmp_path / "below" / "b.mp4")
    assert len(selection.skipped) == 1
    assert selection.refused == ()


def test_a_file_named_twice_goes_once(clip):
    assert select([clip, clip.parent / "." / clip.name], folders=False).files == (clip,)


def test_a_named_file_that_is_none_is_a_refusal_even_with_folders(clip, tmp_path):
    (tmp_path / "note.txt").write_text("x")
    selection = select([clip, tmp_path / "note.txt"], folders=True)
    assert len(selection.refused) == 1
