"""Automated ladders, mixing matrices, manifests and fragments, without any media."""

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from strict_manifests import read_mpd

from mediaconvert_standin.job_settings.plan import AutomatedAbr, Remix
from mediaconvert_standin.packaging.codec_names import mp4_codec
from mediaconvert_standin.packaging.dash import Manifest, Representation, mpd
from mediaconvert_standin.packaging.fragments import (
    Fragment,
    MediaSegment,
    group_fragments,
    read_fragments,
    write_segments,
)
from mediaconvert_standin.packaging.hls import as_uri
from mediaconvert_standin.packaging.transport_streams import PACKET, first_pts, key_frames
from mediaconvert_standin.transcoding.abr import at_most, ladder
from mediaconvert_standin.transcoding.geometry import Picture
from mediaconvert_standin.transcoding.sounds import pan

ABR = AutomatedAbr(max_renditions=15, max_bitrate=8_000_000, min_bitrate=600_000)
FULL_HD = Picture(1920, 1080)


def test_a_ladder_goes_from_the_source_down_to_the_lowest_rate() -> None:
    assert [size for size, _ in ladder(ABR, FULL_HD)] == [(1920, 1080), (1280, 720), (960, 540), (768, 432), (640, 360)]
    assert [rate for _, rate in ladder(ABR, FULL_HD)] == [6_000_000, 3_400_000, 2_000_000, 1_100_000, 730_000]


def test_a_ladder_is_never_larger_than_the_source_and_keeps_its_shape() -> None:
    sizes = [size for size, _ in ladder(ABR, Picture(1080, 1920))]
    assert sizes[0] == (1080, 1920)
    assert all(abs(height / width - 16 / 9) < 0.02 for width, height in sizes)


def test_a_ladder_has_at_most_so_many_rungs_and_keeps_its_ends() -> None:
    sizes = [size for size, _ in ladder(replace(ABR, max_renditions=3), FULL_HD)]
    assert (len(sizes), sizes[0], sizes[-1]) == (3, (1920, 1080), (640, 360))


def test_rules_of_a_ladder() -> None:
    assert ladder(replace(ABR, forced=((426, 240),)), FULL_HD)[-1][0] == (426, 240)
    assert ladder(replace(ABR, min_bottom=(960, 540)), FULL_HD)[-1][0] == (960, 540)
    allowed = replace(ABR, allowed=((1280, 720), (640, 360)))
    assert [size for size, _ in ladder(allowed, FULL_HD)] == [(1280, 720), (640, 360)]


def test_the_base_output_s_size_is_the_most_that_a_ladder_has() -> None:
    assert ladder(ABR, at_most(FULL_HD, 1280, 720))[0][0] == (1280, 720)
    assert ladder(ABR, at_most(FULL_HD, None, 540))[0][0] == (960, 540)
    assert ladder(ABR, at_most(FULL_HD, 640, 640))[0][0] == (640, 360)
    assert ladder(ABR, at_most(FULL_HD, 3840, 2160))[0][0] == (1920, 1080)
    assert at_most(Picture(720, 576, Fraction(64, 45)), None, None) == Picture(1024, 576)


def test_sizes_that_a_job_names_may_have_another_shape_and_any_order() -> None:
    assert ladder(replace(ABR, allowed=((640, 360), (1280, 720))), FULL_HD)[0][0] == (1280, 720)
    too_small = replace(ABR, allowed=((1920, 1080), (1280, 720), (640, 360)), min_top=(1280, 720))
    assert ladder(too_small, Picture(640, 360))[0][0] == (1280, 720)


def test_a_remix_is_a_matrix_of_gains() -> None:
    remix = Remix(((0.0, -60.0, -6.0), (-60.0, 6.0, -60.0)))
    assert pan(remix, 3) == "pan=stereo|c0=1.000000*c0+0.501187*c2|c1=1.995262*c1"
    assert pan(remix, 1) == "pan=stereo|c0=1.000000*c0|c1=0*c0"


def fragment(folder: Path, number: int, start: int, duration: int) -> Fragment:
    """A file as ffmpeg's muxer leaves it: an index, then the fragment."""
    index = struct.pack(">IIIQQHHIII", 1 << 24, 1, 1000, start, 0, 0, 1, 16, duration, 0)
    body = struct.pack(">I4s", 8 + len(index), b"sidx") + index
    path = folder / f"out_{number:09d}.m4s"
    path.write_bytes(body + struct.pack(">I4s", 8, b"moof") + struct.pack(">I4s4s", 12, b"mdat", b"data"))
    return Fragment(path, 1000, start, duration)


def test_fragments_are_read_and_put_together(tmp_path: Path) -> None:
    made = [fragment(tmp_path, number, 2000 * number, 2000) for number in range(4)]
    assert read_fragments(tmp_path, "out") == made
    segments = write_segments(group_fragments(made, 4, 0), tmp_path, "out")
    assert [(item.start, item.duration) for item in segments] == [(0, 4000), (4000, 4000)]
    assert segments[0].path.read_bytes()[4:8] == b"styp"
    assert segments[0].path.read_bytes().count(b"moof") == 2
    assert list(tmp_path.glob("*.m4s")) == []


def test_sound_that_does_not_divide_the_length_stays_with_the_picture() -> None:
    frames = [Fragment(Path(), 48_000, 0, length) for length in (47_104, 48_128, 48_128, 48_128, 1024)]
    groups = group_fragments(frames, 2, 0.25)
    assert [len(group) for group in groups] == [2, 3]


def segment(start: int, duration: int) -> MediaSegment:
    return MediaSegment(Path(), 1000, start, duration, 10)


@pytest.mark.parametrize(
    ("lengths", "timeline"), [((1000, 1000, 500), False), ((1000, 900, 1000), True), ((1000, 1200), True)]
)
def test_segments_of_uneven_lengths_are_listed_one_by_one(lengths: tuple[int, ...], timeline: bool) -> None:
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    parts = tuple(segment(start, length) for start, length in zip(starts, lengths, strict=True))
    shown = Representation(
        "1",
        "video",
        "video/mp4",
        "avc1.640015",
        1000,
        "v_$Number%09d$.mp4",
        parts,
        "vinit.mp4",
        None,
        64,
        64,
        Fraction(25),
    )
    text = mpd([shown], Manifest(sum(lengths) / 1000, 30))
    assert ("SegmentTimeline" in text) is timeline
    seconds, (found,) = read_mpd(
        "m.mpd",
        lambda key: text.encode() if key == "m.mpd" else b"\x00\x00\x00\x18" + (b"ftyp" if "init" in key else b"styp"),
    )
    assert seconds == sum(lengths) / 1000
    assert len(found.segments) == len(lengths)


def test_names_in_playlists_ask_for_exactly_their_key() -> None:
    assert as_uri('a b+%"\n_00001.ts') == "a%20b+%25%22%0A_00001.ts"


@pytest.mark.parametrize(
    ("entry", "record", "expected"),
    [
        (b"avc1", b"avcC\x01\x64\x00\x1f", "avc1.64001f"),
        (b"hvc1", b"hvcC\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x5d", "hvc1.1.6.L93.90"),
        (b"av01", b"av1C\x81\x05\x0c\x00", "av01.0.05M.08"),
    ],
)
def test_codec_names_from_sample_entries(tmp_path: Path, entry: bytes, record: bytes, expected: str) -> None:
    box = (len(record) + 4).to_bytes(4, "big") + record
    path = tmp_path / "init"
    path.write_bytes((86 + len(box)).to_bytes(4, "big") + entry + bytes(78) + box)
    assert mp4_codec(path) == expected


def test_first_time_stamp_and_key_frames_of_a_transport_stream(tmp_path: Path) -> None:
    def packet(pts: int, *, key: bool) -> bytes:
        stamp = bytes(
            (0x21 | pts >> 29 & 0xE, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF, pts << 1 & 0xFE | 1)
        )
        pes = b"\x00\x00\x01\xe0\x00\x00\x80\x80\x05" + stamp
        head = b"\x47\x41\x00\x30" + bytes((7, 0x40 if key else 0)) + bytes(6)
        return (head + pes).ljust(PACKET, b"\xff")

    path = tmp_path / "a.ts"
    path.write_bytes(packet(126_000, key=True) + packet(129_600, key=False) + packet(133_200, key=True))
    assert first_pts(path) == 126_000
    assert key_frames(path) == [(0, PACKET), (2 * PACKET, PACKET)]
