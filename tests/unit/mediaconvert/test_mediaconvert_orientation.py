from pathlib import Path

import pytest

from devstack import clips, media
from mediaconvert_standin.inspection.orientation import lay_upright


def test_the_display_matrix_is_taken_out_and_nothing_else_changes(tmp_path: Path) -> None:
    clip = clips.make_clip("mp4-portrait-rotated", tmp_path)
    before = clip.read_bytes()
    assert media.probe(clip).rotation != 0

    lay_upright(clip)

    assert media.probe(clip).rotation == 0
    after = clip.read_bytes()
    assert len(after) == len(before)
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 36


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0\x10moov",
        (16).to_bytes(4, "big") + b"moov" + (8).to_bytes(4, "big") + b"trak",
        (24).to_bytes(4, "big") + b"moov" + (16).to_bytes(4, "big") + b"trak" + (8).to_bytes(4, "big") + b"tkhd",
        (25).to_bytes(4, "big") + b"moov" + (17).to_bytes(4, "big") + b"trak" + (9).to_bytes(4, "big") + b"tkhd\x07",
    ],
)
def test_broken_boxes_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)

    lay_upright(path)

    assert path.read_bytes() == content
