"""Files that were made to do harm: the server stays healthy, nothing leaks, and each ends with a readable error."""

import logging
import os
import random
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from mediaconvert_harness import (
    OUTPUT_BUCKET,
    SINE,
    SOURCE_BUCKET,
    Bench,
    Json,
    ffmpeg,
    file_group,
    h264,
    job_settings,
    mp4_output,
    picture,
    video,
)

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
SECRET = "root:x:0:0:this-must-never-get-out"
# Mutations in the usual run; MEDIACONVERT_FUZZ asks for more, and the log says how they ended.
MUTATIONS = int(os.environ.get("MEDIACONVERT_FUZZ", "24"))
SEED = 20_261_122
SEEDS = {
    "seed.mp4": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", *X264, "-c:a", "aac"],
    "seed.mkv": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", *X264, "-c:a", "libmp3lame"],
    "seed.ts": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", *X264, "-c:a", "mp2"],
    "seed.avi": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", "-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "seed.flv": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", "-c:v", "flv1", "-c:a", "libmp3lame"],
    "seed.webm": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", "-c:v", "libvpx", "-c:a", "libvorbis"],
    "seed.mpg": [*picture("64x64", "25", 0.5), *SINE, "-t", "0.5", "-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpeg"],
    "seed.mov": [*picture("64x64", "10", 0.5), *SINE, "-t", "0.5", "-c:v", "mjpeg", "-c:a", "pcm_s16le"],
}
MAGIC = {
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
    "matroska": b"\x1a\x45\xdf\xa3",
    "avi": b"RIFF\xff\xff\xff\x7fAVI LIST",
    "wav": b"RIFF\xff\xff\xff\x7fWAVEfmt ",
    "ogg": b"OggS\x00\x02",
    "flv": b"FLV\x01\x05\x00\x00\x00\x09",
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "mpegps": b"\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01",
    "mpegts": (b"\x47\x40\x00\x10" + bytes(184)) * 4,
    "mxf": bytes.fromhex("060e2b34020501010d0102010102040000"),
    "flac": b"fLaC",
    "mp3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
}


@pytest.fixture(scope="module")
def visits() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback interface, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret", asked
    server.shutdown()
    thread.join()
    server.server_close()


def ended(bench: Bench, settings: Json, prefix: str) -> Json:
    """The job's end, with all that must hold however it ends."""
    job = bench.convert(settings)
    assert job["Status"] in ("COMPLETE", "ERROR")
    assert requests.get(f"{bench.endpoint}/health", timeout=60).status_code == 200
    if job["Status"] == "ERROR":
        assert 1000 < job["ErrorCode"] < 4000
        assert len(job["ErrorMessage"]) > 10
        assert str(bench.work_dir) not in job["ErrorMessage"]
        assert "Traceback" not in job["ErrorMessage"]
        assert bench.keys(prefix) == []
    for key in bench.keys(prefix):
        assert SECRET.encode() not in bench.fetch(f"{prefix}/{key}").read_bytes()
    return job


def hostile(bench: Bench, name: str, data: bytes) -> Json:
    bench.s3.put_object(Bucket=SOURCE_BUCKET, Key=name, Body=data)
    prefix = f"hostile/{name}"
    return ended(bench, small_job(name, prefix), prefix)


def small_job(name: str, prefix: str) -> Json:
    return job_settings(name, file_group(f"s3://{OUTPUT_BUCKET}/{prefix}/x", mp4_output(video(h264(), (64, 64)))))


@pytest.mark.parametrize("extension", ["mp4", "ts", "mkv", "mov", "webm", "avi"])
def test_playlists_and_scripts_reach_neither_files_nor_hosts(
    bench: Bench, tmp_path: Path, visits: tuple[str, list[str]], extension: str
) -> None:
    secret = tmp_path / "passwd"
    secret.write_text(SECRET)
    url, asked = visits
    for number, target in enumerate((f"file://{secret}", "file:///etc/passwd", url)):
        texts = {
            "hls": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n",
            "concat": f"ffconcat version 1.0\nfile {target}\n",
            "dash": f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>',
            "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 1234 RTP/AVP 96\na=control:{target}\n",
            "rtsp": f"rtsp://127.0.0.1/{target}\n",
        }
        for kind, text in texts.items():
            job = hostile(bench, f"{kind}{number}.{extension}", text.encode())
            assert job["ErrorCode"] == 1010
    assert asked == []


def test_a_playlist_behind_the_signature_of_another_format_is_not_followed(
    bench: Bench, visits: tuple[str, list[str]]
) -> None:
    url, asked = visits
    playlist = f"\n#EXTM3U\n#EXTINF:3,\n{url}\n#EXT-X-ENDLIST\n".encode()
    for name, magic in MAGIC.items():
        assert hostile(bench, f"disguised-{name}.mp4", magic + playlist * 50)["Status"] == "ERROR"
    assert asked == []


def test_a_movie_that_keeps_its_samples_in_another_file_does_not_get_them(bench: Bench, tmp_path: Path) -> None:
    key = bench.make("own.mov", *picture("64x64", "10", 1), "-c:v", "mjpeg")
    data = (bench.scratch / key).read_bytes()
    place = data.index(b"url \x00\x00\x00\x01")
    secret = tmp_path / "samples"
    secret.write_text(SECRET)
    # The data reference says "elsewhere" instead of "in this file".
    changed = data[: place + 4] + b"\x00\x00\x00\x00" + data[place + 8 :]
    hostile(bench, "elsewhere.mov", changed)


def test_image_of_sixty_thousand_pixels_each_way(bench: Bench) -> None:
    key = bench.make("small.mov", *picture("64x64", "10", 0.5), "-c:v", "mjpeg")
    data = bytearray((bench.scratch / key).read_bytes())
    place = data.find(b"\xff\xc0")
    while place >= 0:  # every JPEG's frame header: height, width
        data[place + 5 : place + 9] = (60_000).to_bytes(2, "big") * 2
        place = data.find(b"\xff\xc0", place + 2)
    assert hostile(bench, "huge.mov", bytes(data))["Status"] == "ERROR"
    overlay = bytearray(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x06\x00\x00\x00"
    )
    overlay += zlib.crc32(overlay[12:]).to_bytes(4, "big") + b"\x00\x00\x00\x00IDAT" + bytes(8)
    bench.s3.put_object(Bucket=SOURCE_BUCKET, Key="huge.png", Body=bytes(overlay))
    source = bench.make("clip64.mp4", *SEEDS["seed.mp4"])
    settings = small_job(source, "hostile/overlay")
    inserted = {
        "InsertableImages": [
            {"ImageInserterInput": f"s3://{SOURCE_BUCKET}/huge.png", "ImageX": 0, "ImageY": 0, "Layer": 1}
        ]
    }
    settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"]["VideoPreprocessors"] = {"ImageInserter": inserted}
    assert ended(bench, settings, "hostile/overlay")["Status"] == "ERROR"


def element(name: str, *contents: bytes) -> bytes:
    """An EBML element with an eight-byte size."""
    body = b"".join(contents)
    return bytes.fromhex(name) + (1 << 56 | len(body)).to_bytes(8, "big") + body


def matroska(tracks: bytes, *clusters: bytes) -> bytes:
    header = element("1a45dfa3", element("4282", b"matroska"), element("4287", b"\x04"), element("4285", b"\x02"))
    info = element("1549a966", element("2ad7b1", (1_000_000).to_bytes(4, "big")))
    return header + element("18538067", info, element("1654ae6b", tracks), *clusters)


def track(number: int, *more: bytes) -> bytes:
    size = element("e0", element("b0", b"\x40"), element("ba", b"\x40"))
    number_ = number.to_bytes(2, "big")
    kind = element("83", b"\x01")
    return element("ae", element("d7", number_), element("73c5", number_), kind, element("86", b"V_MJPEG"), size, *more)


def test_ten_thousand_streams(bench: Bench) -> None:
    tracks = b"".join(track(number) for number in range(1, 10_001))
    assert hostile(bench, "streams.mkv", matroska(tracks))["Status"] == "ERROR"


def test_a_small_block_that_unpacks_to_a_gigabyte(bench: Bench) -> None:
    deflate = zlib.compressobj(9)
    packed = b"".join(deflate.compress(bytes(16 << 20)) for _ in range(64)) + deflate.flush()
    zipped = element("6d80", element("6240", element("5031", b"\x00"), element("5034", element("4254", b"\x00"))))
    blocks = b"".join(element("a3", b"\x81\x00\x00\x80", packed) for _ in range(4))
    cluster = element("1f43b675", element("e7", b"\x00"), blocks)
    assert hostile(bench, "bomb.mkv", matroska(track(1, zipped), cluster))["Status"] == "ERROR"


def test_broken_indices(bench: Bench) -> None:
    key = bench.make("indexed.mp4", *picture("64x64", "10", 1), *X264)
    data = (bench.scratch / key).read_bytes()
    for table in (b"stco", b"stsz", b"stsc", b"stts", b"ctts", b"stss"):
        place = data.find(table)
        if place < 0:
            continue
        changed = bytearray(data)
        changed[place + 12 : place + 24] = b"\xff" * 12
        hostile(bench, f"index-{table.decode()}.mp4", bytes(changed))
        changed[place + 8 : place + 12] = b"\x7f\xff\xff\xff"  # the number of entries
        hostile(bench, f"count-{table.decode()}.mp4", bytes(changed))


@pytest.mark.parametrize("name", MAGIC)
def test_random_bytes_behind_a_signature(bench: Bench, name: str) -> None:
    noise = random.Random(SEED).randbytes(200_000)  # noqa: S311 - not for secrets
    assert hostile(bench, f"noise-{name}", MAGIC[name] + noise)["Status"] == "ERROR"


def test_a_stream_without_an_end_is_as_long_as_its_file(bench: Bench) -> None:
    """Unknown sizes, as a live recording has them, and the last picture a day after the others."""
    bench.make("live.mkv", *picture("64x64", "10", 1), "-c:v", "mjpeg", "-live", "1", "-f", "matroska")
    data = (bench.scratch / "live.mkv").read_bytes()
    place = data.rindex(b"\x1f\x43\xb6\x75")
    late = element(
        "1f43b675", element("e7", (86_400_000).to_bytes(4, "big")), element("a3", b"\x81\x00\x00\x80", b"\xff\xd8")
    )
    hostile(bench, "endless.mkv", data[:place] + data[place:] * 3 + late)


CAPTIONS = {
    "entity.ttml": (
        "TTML",
        '<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="0s" end="1s">&x;</p></div></body></tt>',
    ),
    "laughs.ttml": (
        "TTML",
        '<!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><tt><body><p begin="0s" end="1s">&c;</p></body></tt>',
    ),
    "utf16.ttml": ("TTML", '<!DOCTYPE tt [<!ENTITY x "y">]><tt><p begin="0s" end="1s">&x;</p></tt>'),
    "deep.ttml": ("TTML", "<tt>" + "<div>" * 5000 + "</div>" * 5000 + "</tt>"),
    "not.ttml": ("TTML", "<html/>"),
    "binary.srt": ("SRT", "\x00\x01\x02" * 100),
    "not.stl": ("STL", "x" * 5000),
    "not.scc": ("SCC", "00:00:00:00 9420"),
}


@pytest.mark.parametrize("name", CAPTIONS)
def test_captions_that_are_not_what_they_say_are_1010(bench: Bench, name: str) -> None:
    kind, text = CAPTIONS[name]
    body = text.encode("utf-16") if name.startswith("utf16") else text.encode()
    job = captioned(bench, name, kind, body)
    assert (job["Status"], job.get("ErrorCode")) == ("ERROR", 1010)


def test_captions_can_not_draw_or_load_anything(bench: Bench) -> None:
    text = "1\n00:00:00,000 --> 00:00:00,400\n{\\fn/etc/passwd\\p1}m 0 0 l 64 64\\N<font face=x>a</font>\n"
    assert captioned(bench, "drawing.srt", "SRT", text.encode())["Status"] == "COMPLETE"


def captioned(bench: Bench, name: str, kind: str, body: bytes) -> Json:
    bench.s3.put_object(Bucket=SOURCE_BUCKET, Key=name, Body=body)
    settings = small_job(bench.make("clip64.mp4", *SEEDS["seed.mp4"]), f"hostile/{name}")
    source = {"SourceType": kind, "FileSourceSettings": {"SourceFile": f"s3://{SOURCE_BUCKET}/{name}"}}
    settings["Inputs"][0]["CaptionSelectors"] = {"C": {"SourceSettings": source}}
    burned = {"CaptionSelectorName": "C", "DestinationSettings": {"DestinationType": "BURN_IN"}}
    settings["OutputGroups"][0]["Outputs"][0]["CaptionDescriptions"] = [burned]
    return ended(bench, settings, f"hostile/{name}")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, removed, doubled or moved, as fuzzers do."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        place = chance.randrange(len(changed))
        length = chance.choice((1, 1, 2, 4, 16, 256))
        kind = chance.randrange(5)
        if kind == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[place : place + length] = chance.randbytes(len(changed[place : place + length]))
        elif kind == 2 and len(changed) > 2 * length + 64:
            del changed[place : place + length]
        elif kind == 3:
            changed[place:place] = changed[place : place + length]
        else:
            value = chance.choice((0, 0x7F, 0x80, 0xFF))
            changed[place : place + 4] = bytes([value]) * len(changed[place : place + 4])
    return bytes(changed)


def test_mutations_of_small_clips(bench: Bench) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same mutations in each run
    clips = []
    for name, made in SEEDS.items():
        path = bench.scratch / name
        ffmpeg(*made, str(path))
        clips.append((name, path.read_bytes()))
    outcomes: dict[str, int] = {}
    for number in range(MUTATIONS):
        name, data = clips[number % len(clips)]
        job = hostile(bench, f"mutation-{number}-{name}", mutated(data, chance))
        outcome = f"{job['Status']} {job.get('ErrorCode', '')}".strip()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sum(outcomes.values()) == MUTATIONS
    assert list(bench.work_dir.glob("jobs/*")) == []
    logging.getLogger(__name__).info("%d mutations: %s", MUTATIONS, outcomes)
