"""Decisions that need no media: sizes, rates, names, filter graphs, arguments, playlists, events."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediaconvert_harness import RUNGS, audio, file_group, full_settings, h264, hls_group, job_settings, rung, video
from test_mediaconvert_validation import wire

from mediaconvert_standin.errors import InvalidMedia, Truncated
from mediaconvert_standin.events.sender import job_event
from mediaconvert_standin.inspection.boxes import top_level_boxes
from mediaconvert_standin.inspection.integrity import WARNING_TRUNCATED, check_length
from mediaconvert_standin.inspection.media import AudioTrack, Media, VideoTrack
from mediaconvert_standin.inspection.rates import output_rate
from mediaconvert_standin.inspection.sniff import sniff
from mediaconvert_standin.job_settings.encoders import parse_video_codec
from mediaconvert_standin.job_settings.plan import S3Location, Video
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.job_settings.reading import Node
from mediaconvert_standin.packaging.codec_names import transport_stream_codec
from mediaconvert_standin.packaging.dash import template
from mediaconvert_standin.packaging.group_files import path_from
from mediaconvert_standin.packaging.hls import (
    Entry,
    PlaylistStyle,
    Segment,
    Variant,
    join_short_tail,
    master_playlist,
    media_playlist,
    peak_bit_rate,
)
from mediaconvert_standin.packaging.hls_group import segment_modifier
from mediaconvert_standin.protocol.wire import render_answer, service_model
from mediaconvert_standin.running.progress import Progress
from mediaconvert_standin.settings import ConfigurationError, Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import Job, describe
from mediaconvert_standin.state.store import TOKEN_SECONDS, JobStore
from mediaconvert_standin.transcoding.ffmpeg import arguments
from mediaconvert_standin.transcoding.geometry import Picture, fit
from mediaconvert_standin.transcoding.graph import build_graph
from mediaconvert_standin.transcoding.naming import Identifiers, SegmentNames, base_name, destination_base
from mediaconvert_standin.transcoding.transcode import Transcode, resolve

ENCODER = parse_video_codec(Node(wire(h264())))
TRACK = VideoTrack(
    index=0,
    codec="h264",
    four_cc="avc1",
    width=1920,
    height=1080,
    sample_aspect=Fraction(1),
    rotation=0,
    frame_rate=Fraction(30),
    base_rate=Fraction(30),
    bit_depth=8,
    chroma="4:2:0",
    interlaced=False,
    top_field_first=True,
    color=(1, 1, 1, 1),
    profile="High",
    level=40,
    duration=60.0,
    bit_rate=5_000_000,
    first_frame=0.0,
)
SOUND = AudioTrack(1, "aac", 2, "stereo", 48000, 16, "por", 60.0, 128_000, 0.0)
MEDIA = Media("mp4", "mov", 60.0, 5_200_000, (TRACK,), (SOUND,))
MP4 = sniff(b"\x00\x00\x00\x18ftypisom")
NOW = datetime(2026, 11, 22, 20, 30, 5, tzinfo=UTC)


def described(scaling: str, size: tuple[int | None, int | None]) -> Video:
    return Video(encoder=ENCODER, width=size[0], height=size[1], scaling=scaling)


@pytest.mark.parametrize(
    ("scaling", "source", "box", "expected"),
    [
        ("FIT_NO_UPSCALE", (1920, 1080), (854, 480), (854, 480)),
        ("FIT_NO_UPSCALE", (640, 360), (1920, 1080), (640, 360)),
        ("FIT_NO_UPSCALE", (641, 359), (1920, 1080), (640, 358)),
        ("FIT_NO_UPSCALE", (1080, 1920), (1280, 720), (406, 720)),
        ("FIT", (640, 360), (1280, 720), (1280, 720)),
        ("DEFAULT", (640, 480), (1280, 720), (1280, 720)),
        ("FILL", (640, 480), (1280, 720), (1280, 720)),
        ("STRETCH_TO_OUTPUT", (640, 480), (1280, 720), (1280, 720)),
        ("DEFAULT", (1920, 1080), (1280, None), (1280, 720)),
        ("DEFAULT", (1920, 1080), (None, 360), (640, 360)),
        ("DEFAULT", (1920, 1080), (None, None), (1920, 1080)),
    ],
)
def test_output_size(
    scaling: str, source: tuple[int, int], box: tuple[int | None, int | None], expected: tuple[int, int]
) -> None:
    found = fit(Picture(*source), described(scaling, box), None, 1)
    assert (found.width, found.height) == expected


def test_bars_are_centred() -> None:
    found = fit(Picture(640, 480), described("DEFAULT", (1280, 720)), None, 1)
    assert found.filters == ("scale=960:720:flags=bicubic", "pad=1280:720:160:0:color=black", "setsar=1/1")


@given(
    width=st.integers(2, 8192),
    height=st.integers(2, 4320),
    box=st.tuples(st.integers(16, 2048), st.integers(16, 2048)),
)
def test_fit_no_upscale_is_even_inside_the_box_and_never_above_the_source(
    width: int, height: int, box: tuple[int, int]
) -> None:
    size = (2 * box[0], 2 * box[1])
    found = fit(Picture(width, height), described("FIT_NO_UPSCALE", size), None, 1)
    assert found.width % 2 == found.height % 2 == 0
    assert found.width <= min(size[0], max(2, width))
    assert found.height <= min(size[1], max(2, height))


@pytest.mark.parametrize(
    ("average", "base", "expected"),
    [
        ("30", "30", Fraction(30)),
        ("2985/100", "30", Fraction(30)),  # a phone that drops a frame now and then
        ("30000/1001", "30000/1001", Fraction(30000, 1001)),
        ("2997/100", "30", Fraction(30000, 1001)),
        ("25", "50", Fraction(25)),  # a base rate that counts fields
        ("22", "120", Fraction(24)),
        ("37", "60", Fraction(50)),
        ("1/1800", "30", Fraction(1)),
        ("59", "90000", Fraction(60)),
    ],
)
def test_output_rate_is_constant(average: str, base: str, expected: Fraction) -> None:
    assert output_rate(replace(TRACK, frame_rate=Fraction(average), base_rate=Fraction(base))) == expected


def test_absurd_rates_are_refused() -> None:
    with pytest.raises(InvalidMedia):
        output_rate(replace(TRACK, frame_rate=Fraction(1000), base_rate=Fraction(1000)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("_$w$x$h$", "_1280x720"),
        ("$h%05$", "00720"),
        ("$$5", "$5"),
        ("$unknown$", "$unknown$"),
        ("$fn$-$dt$", "clip-20261122T203005"),
        ("50$ and 60$", "50$ and 60$"),
    ],
)
def test_identifiers(text: str, expected: str) -> None:
    identifiers = Identifiers({"w": 1280, "h": 720, "fn": "clip", "dt": "20261122T203005"})
    assert identifiers.resolve(text) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a/b/clip.mp4", "clip"),
        ("clip", "clip"),
        ("a.b.c.mov", "a.b.c"),
        (".hidden", ".hidden"),
        ("a/x y+%.ts", "x y+%"),
    ],
)
def test_base_name(key: str, expected: str) -> None:
    assert base_name(key) == expected


def test_destination_that_ends_in_a_slash_takes_the_input_s_name_and_keys_stay_literal() -> None:
    source = S3Location("in", "x/my clip.mp4")
    assert destination_base("s3://out/a//b%20/", source, Identifiers({})) == S3Location("out", "a//b%20/my clip")
    assert destination_base("s3://out/a/video", source, Identifiers({})) == S3Location("out", "a/video")


def test_shared_filters_are_applied_once() -> None:
    statements, ends = build_graph([("a", "b", "x"), ("a", "b", "y"), ("a", "c")], "0:0")
    assert statements == [
        "[0:0]a,split=2[from0_0_0_0][from0_0_0_1]",
        "[from0_0_0_0]b,split=2[from0_0_1_0][from0_0_1_1]",
        "[from0_0_1_0]x[to0_0_0]",
        "[from0_0_1_1]y[to0_0_1]",
        "[from0_0_0_1]c[to0_0_2]",
    ]
    assert ends == ["to0_0_0", "to0_0_1", "to0_0_2"]


def test_equal_and_empty_chains_all_get_an_end() -> None:
    statements, ends = build_graph([("a",), ("a",), ()], "0:a:0", sound=True)
    assert len(set(ends)) == 3
    assert all(any(statement.endswith(f"[{end}]") for statement in statements) for end in ends)
    assert any("anull" in statement for statement in statements)


def argv(settings: dict[str, Any] | None = None, media: Media = MEDIA) -> list[str]:
    plan = parse_settings(wire(settings or full_settings("in.mp4", "p")))
    assert MP4 is not None
    return arguments(resolve(plan, [media], NOW))


def after(arguments_: list[str], option: str) -> str:
    return arguments_[arguments_.index(option) + 1]


def test_input_is_opened_by_one_demuxer_and_no_other_protocol() -> None:
    found = argv()
    before_input = found[: found.index("-i")]
    assert after(before_input, "-protocol_whitelist") == "file"
    assert after(before_input, "-format_whitelist") == "mov,mp4,m4a,3gp,3g2,mj2"
    assert after(before_input, "-f") == "mov"
    assert "-nostdin" in before_input
    assert found.count("-i") == 1


@given(name=st.text(min_size=1, max_size=20), prefix=st.text(min_size=1, max_size=20))
def test_names_that_people_choose_never_reach_ffmpeg(name: str, prefix: str) -> None:
    def arguments_for(settings: dict[str, Any]) -> list[str]:
        return argv(settings)

    try:
        chosen = arguments_for(full_settings(f"x{name}", f"y{prefix}"))
    except (InvalidMedia, ValueError):
        return
    assert chosen == argv(full_settings("in.mp4", "p"))


def test_rungs_have_fixed_gops_and_no_scene_cuts() -> None:
    found = argv()
    hls = found[found.index("file:out1.mp4") + 1 :]
    assert (after(hls, "-g"), after(hls, "-keyint_min"), after(hls, "-sc_threshold")) == ("60", "60", "0")
    assert float(after(hls, "-hls_time")) == pytest.approx(6 - 1 / 60)


def test_rung_like_the_mp4_is_encoded_with_it() -> None:
    shared = argv(full_settings("in.mp4", "p", box=RUNGS[0]))
    assert shared.count("libx264") == 2
    files, segments = after(shared, "tee").split("|")
    assert files == "[f=mp4:movflags=+faststart]out1.mp4"
    assert segments.startswith("[f=hls:hls_time=")
    assert segments.endswith(":bsfs/v=dump_extra=freq=keyframe]out2.m3u8")
    assert argv().count("libx264") == 3


def resolved(*groups: dict[str, Any]) -> Transcode:
    return resolve(parse_settings(wire(job_settings("in.mp4", *groups))), [MEDIA], NOW)


def test_the_extension_identifier_of_a_segmented_output_is_its_manifest_s() -> None:
    shown = {"NameModifier": "_$ex$", "VideoDescription": video(h264()), "AudioDescriptions": [audio()]}
    dash = {"Type": "DASH_ISO_GROUP_SETTINGS", "DashIsoGroupSettings": {"Destination": "s3://out/d/"}}
    found = resolved(
        {"OutputGroupSettings": dash, "Outputs": [{**shown, "ContainerSettings": {"Container": "MPD"}}]},
        hls_group("s3://out/h/", [{**shown, "ContainerSettings": {"Container": "M3U8"}}]),
        file_group("s3://out/f/", {**shown, "ContainerSettings": {"Container": "MOV"}}),
    )
    assert [output.key for output in found.outputs] == ["d/in_mpd", "h/in_m3u8", "f/in_mov"]


def test_time_in_a_segment_modifier_is_when_the_segment_was_complete(tmp_path: Path) -> None:
    hls = {"OutputSettings": {"HlsSettings": {"SegmentModifier": "_$dt$_$d$-$t$_$$dt$$_$h$"}}}
    (output,) = resolved(hls_group("s3://out/h/", [{**rung((640, 360)), **hls}])).outputs
    path = tmp_path / "segment.ts"
    path.touch()
    completed = NOW.timestamp() + 100
    os.utime(path, (completed, completed))
    assert segment_modifier(output, Segment(path, 6.0, 0)) == "_20261122T203145_20261122-203145_$dt$_360"


def test_segment_names_count_from_one_with_the_digits_asked_for() -> None:
    identifiers = Identifiers({"h": 360})
    assert SegmentNames.of("b", identifiers.counted("_$h$")).key(7, 90) == "b_360_000000007"
    assert SegmentNames.of("b", identifiers.counted("_$Number$")).key(7, 90) == "b_7"
    assert SegmentNames.of("b", identifiers.counted("_$Number%03$x")).key(7, 90) == "b_007x"
    assert SegmentNames.of("b", identifiers.counted("$Time$_$$Number$$")).key(7, 90) == "b90_$Number$"


def test_a_template_of_segment_names_says_every_dollar_sign_twice() -> None:
    names = SegmentNames.of("a/b$c", Identifiers({}).counted("_$$5 $Number%03$"))
    assert template(names, "mp4", "a/b.mpd") == "b$$c_$$5%20$Number%03d$.mp4"
    assert template(names, "mp4", "m.mpd") == "a/b$$c_$$5%20$Number%03d$.mp4"


def test_gop_longer_than_the_segment_makes_the_segment_longer() -> None:
    settings = full_settings("in.mp4", "p")
    for output in settings["OutputGroups"][1]["Outputs"]:
        output["VideoDescription"]["CodecSettings"] = h264(GopSize=4)
    assert float(after(argv(settings), "-hls_time")) == pytest.approx(8 - 1 / 60)


def test_qvbr_level_is_a_quality_under_a_ceiling() -> None:
    settings = full_settings("in.mp4", "p")
    first = settings["OutputGroups"][0]["Outputs"][0]
    first["VideoDescription"] = video(h264(MaxBitrate=3_000_000, QvbrSettings={"QvbrQualityLevel": 8}))
    found = argv(settings)
    assert (after(found, "-crf"), after(found, "-maxrate"), after(found, "-bufsize")) == ("20.00", "3000000", "6000000")


def test_sound_that_starts_much_later_than_the_picture_keeps_out_of_its_graph() -> None:
    late = replace(MEDIA, audio=(replace(SOUND, first_frame=30.0),))
    assert "0:a:0" not in after(argv(), "-map")
    assert "[0:a:0]" in after(argv(), "-filter_complex")
    assert "[0:a:0]" not in after(argv(media=late), "-filter_complex")
    assert "0:a:0" in argv(media=late)


def test_media_playlist_forms() -> None:
    segments = [Entry("v_00001.ts", 6.006), Entry("v_00002.ts", 1.4)]
    assert "#EXT-X-TARGETDURATION:7" in media_playlist(segments)
    assert "#EXT-X-TARGETDURATION:6" in media_playlist(segments, PlaylistStyle(legacy_target=False))
    assert "#EXTINF:6,\nv_00001.ts" in media_playlist(segments, PlaylistStyle(integer_durations=True))


def test_master_playlist_without_resolution() -> None:
    variant = Variant("v.m3u8", 2, 1, ("avc1.640015",), 640, 360, 29.97002997)
    text = master_playlist([variant], resolution=False)
    assert text.splitlines()[3] == (
        '#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS="avc1.640015",FRAME-RATE=29.970'
    )


def test_peak_ignores_a_short_tail() -> None:
    segments = [Segment(Path("a"), 6, 600), Segment(Path("b"), 0.1, 100)]
    assert peak_bit_rate(segments) == 800


def test_short_tail_joins_the_segment_before_it(tmp_path: Path) -> None:
    first, last = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    last.write_bytes(b"two")
    joined = join_short_tail([Segment(first, 6, 3), Segment(last, 0.5, 3)], 1.0)
    assert joined == [Segment(first, 6.5, 6)]
    assert first.read_bytes() == b"onetwo"
    assert not last.exists()


@pytest.mark.parametrize(
    ("sps", "rfc_4281", "expected"),
    [
        (b"\x4d\x40\x1e", True, "avc1.77.30"),
        (b"\x4d\x40\x1e", False, "avc1.4d401e"),
        (b"\x42\xc0\x1e", True, "avc1.66.30"),
        (b"\x64\x00\x28", True, "avc1.640028"),
    ],
)
def test_codec_string(tmp_path: Path, sps: bytes, rfc_4281: bool, expected: str) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(b"\x47\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67" + sps)
    assert transport_stream_codec(path, "H_264", rfc_4281=rfc_4281) == expected


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"\x00\x00\x00\x18ftypqt  ", "mov"),
        (b"\x1a\x45\xdf\xa3\x01\x00", "matroska"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "avi"),
        ((b"\x47\x40\x11\x10" + bytes(184)) * 4, "mpegts"),
        (b"OggS\x00", "ogg"),
        (b"#EXTM3U\n", None),
        (b"ffconcat version 1.0", None),
        (b"", None),
        (b"GGGGGGGG" * 100, None),
    ],
)
def test_sniffing(head: bytes, demuxer: str | None) -> None:
    found = sniff(head)
    assert (found.demuxer if found else None) == demuxer


@given(st.binary(max_size=600))
def test_sniffing_any_bytes_names_an_allowed_demuxer_or_nothing(head: bytes) -> None:
    found = sniff(head)
    forbidden = {"hls", "dash", "concat", "image2", "lavfi", "sdp", "rtsp", "imf", "webm_dash_manifest", "ffmetadata"}
    assert found is None or found.demuxer not in forbidden


@given(st.binary(max_size=300))
def test_box_walk_always_ends(data: bytes) -> None:
    boxes = list(top_level_boxes(lambda offset, length: data[offset : offset + length], len(data)))
    assert len(boxes) <= len(data)


def test_observed_percentages() -> None:
    progress = Progress()
    progress.enter("TRANSCODING")
    progress.advance(2, 100)
    assert progress.job_percent() == 7
    progress.enter("UPLOADING")
    assert progress.job_percent() == 66
    detail = progress.detail()["jobProgress"]
    assert detail["phaseProgress"]["PROBING"] == {"status": "COMPLETE", "percentComplete": 100}
    assert detail["currentPhase"] == "UPLOADING"


@pytest.mark.parametrize(("produced", "warnings"), [(60, []), (59.5, []), (58, [WARNING_TRUNCATED])])
def test_a_little_missing_is_a_warning(produced: float, warnings: list[int]) -> None:
    assert check_length(60, produced, 1) == warnings


def test_much_missing_is_an_error() -> None:
    with pytest.raises(Truncated):
        check_length(60, 30, 1)


def job(**changes: Any) -> Job:
    settings = wire(full_settings("in.mp4", "p"))
    request = {"role": "r", "settings": settings, "userMetadata": {"k": "v"}, "clientRequestToken": "t", **changes}
    return Job("1", "arn:job", "arn:queue", request, created_at=1000.0)


def test_event() -> None:
    settings = Settings.from_environ({"MEDIACONVERT_EVENT_SOURCE": "emulated.mediaconvert"})
    event = job_event(settings, job(), "ERROR", {"errorCode": 1404}, 1_795_378_841_892)
    assert event["source"] == "emulated.mediaconvert"
    assert event["resources"] == ["arn:job"]
    assert event["time"] == "2026-11-22T20:20:41Z"  # cut to the second
    assert event["detail"] == {
        "timestamp": 1_795_378_841_892,
        "accountId": "000000000000",
        "queue": "arn:queue",
        "jobId": "1",
        "status": "ERROR",
        "userMetadata": {"k": "v"},
        "errorCode": 1404,
    }


def test_times_in_answers_are_whole_seconds_and_absent_members_are_left_out() -> None:
    operation = service_model().operation_model("GetJob")
    shown = json.loads(render_answer(operation, {"job": describe(replace(job(), created_at=1000.9))}))["job"]
    assert shown["createdAt"] == shown["timing"]["submitTime"] == 1000
    assert "startTime" not in shown["timing"]
    assert "currentPhase" not in shown
    assert shown["accelerationStatus"] == "NOT_APPLICABLE"


def test_token_is_good_for_a_minute(tmp_path: Path) -> None:
    store = JobStore(Database(tmp_path / "state.sqlite3"))
    first = store.add(job())
    assert store.add(replace(job(), id="2", created_at=1000.0 + TOKEN_SECONDS)).id == first.id
    later = replace(job(), id="3", created_at=1001.0 + TOKEN_SECONDS)
    assert store.add(later) is later


def test_a_job_changes_only_from_the_expected_status(tmp_path: Path) -> None:
    store = JobStore(Database(tmp_path / "state.sqlite3"))
    store.add(job())
    assert store.change("1", {"PROGRESSING"}, status="COMPLETE") is None
    changed = store.change("1", {"SUBMITTED"}, status="CANCELED")
    assert changed is not None
    assert changed.status == "CANCELED"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "x"), ("MEDIACONVERT_ACCOUNT_ID", "12"), ("MEDIACONVERT_FFMPEG", "/nowhere"), ("PORT", "70000")],
)
def test_unusable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environ({name: value})


@pytest.mark.parametrize(
    ("manifest", "key", "shown"),
    [
        ("a/film.m3u8", "a/film_1.m3u8", "film_1.m3u8"),
        ("a/film.m3u8", "a/film/low/1.ts", "film/low/1.ts"),
        ("a/film/hd.m3u8", "a/film_1.m3u8", "../film_1.m3u8"),
        ("film.mpd", "film_1.mp4", "film_1.mp4"),
        ("a//film.mpd", "a//x/y.mp4", "x/y.mp4"),
    ],
)
def test_manifests_name_files_from_where_they_are(manifest: str, key: str, shown: str) -> None:
    assert path_from(manifest, key) == shown
