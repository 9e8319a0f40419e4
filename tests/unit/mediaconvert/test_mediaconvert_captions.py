"""Caption files of each kind become cues, and cues become each kind of file."""

from fractions import Fraction

import pytest

from mediaconvert_standin.captions.cues import Cue, on_programme, shifted
from mediaconvert_standin.captions.readers import MAX_BYTES, CaptionError, read_captions
from mediaconvert_standin.captions.writers import ass, during, webvtt, write_captions
from mediaconvert_standin.inspection.media import Media
from mediaconvert_standin.job_settings.plan import BurnInStyle
from mediaconvert_standin.job_settings.timecodes import Timecode, label
from mediaconvert_standin.transcoding.pieces import Piece

CUES = [Cue(0.5, 1.25, ("One", "a < b")), Cue(3661.0, 3662.0, ("Two",))]


def stl() -> bytes:
    header = bytearray(b" " * 1024)
    header[3:11], header[12:14] = b"STL25.01", b"00"
    block = bytearray(128)
    block[3], block[5:9], block[9:13] = 0xFF, bytes((0, 0, 1, 5)), bytes((0, 0, 2, 0))
    block[16:] = b"Line one\x8aLine two".ljust(112, b"\x8f")
    return bytes(header + block)


FILES = {
    "SRT": (
        b"\xef\xbb\xbf1\r\n00:00:01,200 --> 00:00:02,000\r\n<i>Line one</i>\r\nLine two\r\n",
        Cue(1.2, 2, ("Line one", "Line two")),
    ),
    "WEBVTT": (
        b"WEBVTT - title\n\nSTYLE\n::cue {}\n\nid\n00:01.200 --> 00:02.000 line:0\n<v Ann>Line one\nLine &amp; two\n",
        Cue(1.2, 2, ("Line one", "Line & two")),
    ),
    "TTML": (
        b'<tt xmlns="http://www.w3.org/ns/ttml" xmlns:t="http://www.w3.org/ns/ttml#parameter" t:frameRate="25">'
        b'<body begin="1s"><div><p begin="00:00:00:05" dur="800ms"><span>Line one</span><br/>Line  two</p></div>'
        b"</body></tt>",
        Cue(1.2, 2, ("Line one", "Line two")),
    ),
    "SMI": (
        b"<SAMI><BODY><SYNC Start=1200><P Class=ENCC>Line one<br>Line two\n<SYNC Start=2000><P>&nbsp;</BODY></SAMI>",
        Cue(1.2, 2, ("Line one", "Line two")),
    ),
    "STL": (stl(), Cue(1.2, 2, ("Line one", "Line two"))),
}


@pytest.mark.parametrize("kind", FILES)
def test_reading(kind: str) -> None:
    data, expected = FILES[kind]
    (found,) = read_captions(kind, data)
    assert (found.start, found.end) == pytest.approx((expected.start, expected.end))
    assert found.lines == expected.lines


def test_reading_pop_on_captions() -> None:
    # Load "Hi" twice over (codes are sent twice), show it, and erase it two seconds later.
    text = "Scenarist_SCC V1.0\n\n00:00:01:00\t94ae 94ae 9420 9420 9470 9470 c8e9 942f 942f\n\n00:00:03:00\t942c 942c\n"
    (found,) = read_captions("SCC", text.encode())
    assert found.lines == ("Hi",)
    assert (found.start, found.end) == pytest.approx((1.23, 3.0), abs=0.05)


@pytest.mark.parametrize(
    ("kind", "data"), [("SRT", b"WEBVTT\n"), ("WEBVTT", b"1\n"), ("SRT", b"\xff\xfe\x00"), ("TTML", b"<a/>")]
)
def test_a_file_of_another_kind_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(CaptionError):
        read_captions(kind, data)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(CaptionError, match="at most"):
        read_captions("SRT", bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("kind", ["SRT", "WEBVTT", "TTML", "SMI"])
def test_what_is_written_can_be_read_again(kind: str) -> None:
    again = read_captions(kind, write_captions(kind, CUES, "eng").encode())
    assert [(round(cue.start, 3), round(cue.end, 3), cue.lines) for cue in again] == [
        (cue.start, cue.end, cue.lines) for cue in CUES
    ]


def test_a_segment_has_every_cue_that_is_to_be_seen_in_it() -> None:
    cues = [Cue(0, 5, ("long",)), Cue(6, 7, ("later",))]
    assert [cue.lines[0] for cue in during(cues, 4, 6.5)] == ["long", "later"]
    assert "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:126000" in webvtt(cues, 126_000)


def test_text_brings_no_style_of_its_own_into_the_picture() -> None:
    script = ass([Cue(0, 1, ("{\\p1}m 0 0 l 9 9", "\\N"))], BurnInStyle(color="FFFF00"), 320, 180)
    dialogue = script.splitlines()[-1]
    assert "{" not in dialogue
    assert "\\p1" not in dialogue
    assert "&H0000FFFF" in script


def test_cues_move_with_the_pieces_of_the_programme() -> None:
    media = Media("mp4", "mov", 10.0, None, (), ())
    pieces = (Piece(0, media, start=2.0, length=3.0), Piece(1, media))
    cues = {0: [Cue(1, 3, ("a",)), Cue(4.5, 9, ("b",)), Cue(6, 7, ("gone",))], 1: [Cue(0, 1, ("c",))]}
    found = [(cue.start, cue.end, cue.lines[0]) for cue in on_programme(pieces, cues)]
    assert found == [(0, 1, "a"), (2.5, 3, "b"), (3, 4, "c")]


def test_shifted_cues_that_end_before_the_start_vanish() -> None:
    assert shifted([Cue(1, 2, ("a",)), Cue(3, 5, ("b",))], -4) == [Cue(0, 1, ("b",))]


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("00:00:01:00", Fraction(25), 25),
        ("00:01:00;02", Fraction(30000, 1001), 1800),
        ("00:10:00;00", Fraction(30000, 1001), 17982),
        ("01:00:00:00", Fraction(24000, 1001), 86400),
    ],
)
def test_frame_of_a_timecode(text: str, rate: Fraction, frame: int) -> None:
    assert Timecode.parse(text).frame(rate) == frame


def test_label_of_a_frame() -> None:
    assert label(90_061, Fraction(25)) == "01:00:02:11"


@pytest.mark.parametrize("text", ["1:2:3:4", "00:60:00:00", "00:00:00", "x"])
def test_what_is_no_timecode(text: str) -> None:
    with pytest.raises(ValueError, match="not a timecode"):
        Timecode.parse(text)
