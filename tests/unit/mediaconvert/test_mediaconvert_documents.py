"""Job documents in the manner of public ones: each is refused as it should be, or makes exactly the right files.

A file of `documents/` has the `settings` as they go over the wire, the names of clips made here in them, other
members of the `request`, and what is to be expected: a refusal, a job error, or all keys with what a player finds in
them.
"""

import json
import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
import requests
from imageio_ffmpeg import get_ffmpeg_exe
from mediaconvert_harness import DEADLINE_SECONDS, OUTPUT_BUCKET, ROLE, SINE, SOURCE_BUCKET, Bench, Json, picture
from strict_manifests import Master, bytes_of, read_master, read_mpd

FOLDER = Path(__file__).with_name("documents")
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.json"))
SAME_TIME = 0.002  # seconds; time stamps of MPEG-2 are in 90 kHz
AUDIO_FRAME = 0.06  # seconds; the longest frame of the codecs here, AAC at low rates aside

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"]
TONES = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-f", "lavfi", "-i", "sine=frequency=880:duration=2"]
SURROUND = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"]
CLIPS: dict[str, list[str]] = {
    "clip.mp4": [*picture("320x180", "30", 2), *SINE, "-t", "2", *X264, "-c:a", "aac", "-ac", "2"],
    "silent.mp4": [*picture("320x180", "30", 2), *X264],
    "film.mov": [*picture("426x240", "24000/1001", 2), *SINE, "-t", "2", *X264, "-c:a", "pcm_s16le"],
    "pal.mp4": [*picture("320x240", "25", 2), *SINE, "-t", "2", *X264, "-c:a", "aac"],
    "tracks.mp4": [
        *picture("320x180", "30", 2), *TONES, "-map", "0", "-map", "1", "-map", "2", *X264, "-c:a", "aac",
        "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=por",
    ],
    "surround.mp4": [*picture("320x180", "30", 2), *SURROUND, *X264, "-c:a", "aac"],
    "long_sound.mp4": [*picture("320x180", "30", 1), *SINE, "-t", "2", *X264, "-c:a", "aac"],
    "sound.wav": [*SINE, "-t", "2", "-c:a", "pcm_s16le"],
    "fields.ts": [
        *picture("320x240", "50", 2), *SINE, "-t", "2", *X264, "-vf", "tinterlace=interleave_top,format=yuv420p",
        "-flags", "+ilme+ildct", "-x264-params", "tff=1", "-c:a", "mp2",
    ],
    "telecined.ts": [
        *picture("320x240", "24000/1001", 2), *X264, "-vf", "telecine=pattern=23,format=yuv420p",
        "-flags", "+ilme+ildct", "-x264-params", "tff=1",
    ],
    "voice.mp3": ["-f", "lavfi", "-i", "sine=frequency=300:duration=5", "-c:a", "libmp3lame", "-b:a", "64k"],
    "nine.mp4": [
        *picture("640x360", "30", 9), "-f", "lavfi", "-i", "sine=frequency=440:duration=9", *X264, "-c:a", "aac",
    ],
    "portrait.mov": [*picture("360x640", "30000/1001", 2), *X264],
    "vfr.mp4": [
        *picture("320x180", "60", 3), "-vf", r"select='not(mod(n\,3))+lt(n\,30)'", "-fps_mode", "vfr", *X264,
    ],
    "webcam.webm": [
        *picture("640x480", "30", 2), *SINE, "-t", "2", "-c:v", "libvpx", "-b:v", "500k", "-c:a", "libopus",
    ],
    "anamorphic.mpg": [*picture("720x576", "25", 2), "-vf", "setsar=64/45", "-c:v", "mpeg2video"],
    "surround.mov": [
        *picture("320x180", "24000/1001", 2), *SURROUND, *X264, "-c:a", "pcm_s24le",
    ],
    "old.avi": [*picture("320x240", "12.5", 2), "-c:v", "mpeg4"],
    "hdr.mp4": [
        *picture("320x180", "30", 1), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
        "-x265-params", "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", "-tag:v", "hvc1",
    ],
}  # fmt: skip
SIDECARS = {
    "captions.srt": (
        "1\n00:00:00,200 --> 00:00:00,900\nOne <i>line</i>\n\n2\n00:00:01,000 --> 00:00:01,500\nTwo\nlines\n"
    ),
    "captions.vtt": "WEBVTT\n\nNOTE a note\n\nid\n00:00.200 --> 00:00.900 align:start\nOne line\n",
    "captions.ttml": (
        '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
        '<p begin="00:00:00.200" end="00:00:00.900">One<br/>line</p></div></body></tt>'
    ),
}


def source_key(bench: Bench, name: str) -> str:
    if name in SIDECARS:
        bench.s3.put_object(Bucket=SOURCE_BUCKET, Key=name, Body=SIDECARS[name].encode())
        return name
    if name == "logo.png":
        return bench.make(name, "-f", "lavfi", "-i", "color=red:size=64x32", "-frames:v", "1")
    return bench.make(name, *CLIPS[name])


def submit(bench: Bench, document: Json) -> requests.Response:
    body = {"role": ROLE, "settings": document["settings"], **document.get("request", {})}
    return requests.post(f"{bench.endpoint}/2017-08-29/jobs", json=body, timeout=60)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(bench: Bench, name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text("utf-8")
    document: Json = json.loads(text.replace("PREFIX", f"s3://{OUTPUT_BUCKET}/documents/{name}"))
    for source in set(re.findall(rf"s3://{SOURCE_BUCKET}/([\w.]+)", text)):
        if not source.startswith("missing"):
            source_key(bench, source)
    answer = submit(bench, document)
    expected = document["expect"]
    if "refused" in expected:
        assert answer.status_code == 400
        assert expected["refused"] in answer.json()["message"]
        return
    assert answer.status_code == 201, answer.json()
    warnings = answer.json()["job"]["messages"]["warning"]
    assert len(warnings) == len(expected.get("warnings", []))
    for warning, part in zip(warnings, expected.get("warnings", []), strict=True):
        assert part in warning
    job = bench.finished(answer.json()["job"]["id"])
    if "error" in expected:
        assert job["Status"] == "ERROR"
        assert (job["ErrorCode"], expected["message"] in job["ErrorMessage"]) == (expected["error"], True)
        return
    assert job["Status"] == "COMPLETE", job.get("ErrorMessage")
    found = Output(bench, f"documents/{name}")
    assert sorted(bench.keys(f"documents/{name}")) == sorted(expected["files"])
    for key, facts in expected["files"].items():
        found.check(key, facts)


class Output:
    """What a job wrote, by key below its folder."""

    def __init__(self, bench: Bench, prefix: str) -> None:
        self._bench = bench
        self._prefix = prefix
        self._cache: dict[str, bytes] = {}

    def read(self, key: str) -> bytes:
        if key not in self._cache:
            full = f"{self._prefix}/{key}"
            self._cache[key] = self._bench.s3.get_object(Bucket=OUTPUT_BUCKET, Key=full)["Body"].read()
        return self._cache[key]

    def check(self, key: str, facts: Json | None) -> None:
        """``facts`` None: the object is there, and another check looks into it."""
        data = self.read(key)
        assert data
        if facts is None:
            return
        if "text" in facts:
            for part in facts["text"]:
                assert part in data.decode()
        if "streams" in facts:
            self._check_master(read_master(key, self.read), facts)
        elif "representations" in facts:
            self._check_mpd(key, facts)
        elif "video" in facts or "audio" in facts:
            self._check_media(self._file(key, data), facts)

    def _file(self, name: str, data: bytes) -> Path:
        path = self._bench.scratch / f"{self._prefix}_{name}".replace("/", "_")
        path.write_bytes(data)
        return path

    def _check_master(self, master: Master, facts: Json) -> None:
        assert [stream.attributes.get("RESOLUTION") for stream in master.streams] == facts["streams"]
        assert len(master.media) == facts.get("media", 0)
        assert len(master.i_frames) == facts.get("iFrames", 0)
        pictures = [stream for stream in master.streams if "RESOLUTION" in stream.attributes]
        starts = []
        for stream in pictures:
            child = stream.child
            init = bytes_of(child.init, self.read) if child.init else b""
            times = []
            for number, part in enumerate(child.parts):
                # Each segment must play alone: it is read by itself, and its first picture is a key frame.
                path = self._file(f"{child.key}.{number}", init + bytes_of(part, self.read))
                times.append(_first_picture(path))
            starts.append([time - times[0] for time in times])
            assert stream.attributes["CODECS"].strip('"').split(",")[0].startswith(facts.get("codec", "avc1"))
            if not facts.get("integer"):
                # A playlist's length is that of the pictures, or of the sound that outlasts them.
                assert sum(part.seconds for part in child.parts) == pytest.approx(facts["seconds"], abs=AUDIO_FRAME)
            assert len(child.parts) == facts.get("segments", len(child.parts))
        for other in starts[1:]:
            assert other == pytest.approx(starts[0], abs=SAME_TIME)

    def _check_mpd(self, key: str, facts: Json) -> None:
        seconds, shown = read_mpd(key, self.read)
        assert seconds == pytest.approx(facts["seconds"], abs=AUDIO_FRAME)
        found = []
        starts = []
        for item in shown:
            attributes = item.attributes
            size = f"{attributes['width']}x{attributes['height']}" if "width" in attributes else ""
            found.append(size or attributes.get("audioSamplingRate") or attributes["contentType"])
            if not item.segments or attributes["contentType"] == "text":
                continue
            assert len(item.segments) == facts.get("segments", len(item.segments))
            whole = self._file(f"{item.key}.whole.mp4", item.init + b"".join(item.segments))
            with av.open(str(whole)) as media:
                stream = media.streams.best(attributes["contentType"])
                assert stream is not None
                length = float(stream.duration * stream.time_base) if stream.duration else seconds
                assert length == pytest.approx(seconds, abs=AUDIO_FRAME)
            if size:
                starts.append(
                    [
                        _first_picture(self._file(f"{item.key}.{n}", item.init + data))
                        for n, data in enumerate(item.segments)
                    ]
                )
        assert found == facts["representations"]
        for other in starts[1:]:
            assert other == pytest.approx(starts[0], abs=SAME_TIME)

    def _check_media(self, path: Path, facts: Json) -> None:
        with av.open(str(path)) as media:
            assert facts["container"] in media.format.name.split(",")
            assert _tracks(media) == {
                "video": 1 if "video" in facts else 0,
                "audio": facts.get("tracks", 1 if "audio" in facts else 0),
            }
            if "languages" in facts:
                assert [track.language for track in media.streams.audio] == facts["languages"]
            if "video" in facts:
                _check_video(media, facts)
            if "length" in facts:
                assert (media.duration or 0) / 1_000_000 == pytest.approx(facts["length"], abs=AUDIO_FRAME)
            if "audio" in facts:
                context = media.streams.audio[0].codec_context
                assert (_codec(context.name), context.channels, context.sample_rate) == tuple(facts["audio"])
            if "loudness" in facts:
                assert _loudness(path) == pytest.approx(facts["loudness"], abs=2)
            if "soundSeconds" in facts:
                assert _sound_seconds(path) == pytest.approx(facts["soundSeconds"], abs=2 * AUDIO_FRAME)
        if "video" not in facts:
            assert _sound_seconds(path) == pytest.approx(facts["seconds"], abs=2 * AUDIO_FRAME)


def _sound_seconds(path: Path) -> float:
    with av.open(str(path)) as media:
        return sum(frame.samples / frame.sample_rate for frame in media.decode(audio=0))


def _loudness(path: Path) -> float:
    """Integrated loudness in LUFS (EBU R 128), as ffmpeg measures it."""
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_SECONDS).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])


def _check_video(media: Any, facts: Json) -> None:
    stream = media.streams.video[0]
    frames = list(media.decode(stream))
    assert _codec(stream.codec_context.name) == facts["video"]
    assert [frames[0].width, frames[0].height] == facts["size"]
    assert frames[0].rotation == 0
    assert len(frames) == pytest.approx(facts["frames"], abs=1)
    if "aspect" in facts:
        assert stream.sample_aspect_ratio == Fraction(facts["aspect"])
    if "rate" in facts:
        assert float(stream.average_rate) == pytest.approx(float(Fraction(facts["rate"])), rel=0.02)
        length = (frames[-1].time or 0) - (frames[0].time or 0)
        assert length == pytest.approx(
            (facts["frames"] - 1) / float(Fraction(facts["rate"])), abs=1.1 / float(Fraction(facts["rate"]))
        )
    if "pixels" in facts:
        assert frames[0].format.name == facts["pixels"]
    if "gop" in facts:
        keys = [index for index, frame in enumerate(frames) if frame.key_frame]
        assert keys[: len(facts["gop"])] == facts["gop"]
    for point in facts.get("colors", []):
        plane = frames[point["frame"]].reformat(format="rgb24").planes[0]
        place = point["y"] * plane.line_size + 3 * point["x"]
        assert list(bytes(plane)[place : place + 3]) == pytest.approx(point["rgb"], abs=40)


def _tracks(media: Any) -> dict[str, int]:
    return {"video": len(media.streams.video), "audio": len(media.streams.audio)}


def _codec(name: str) -> str:
    return {"libdav1d": "av1", "mp3float": "mp3", "libvpx-vp9": "vp9"}.get(name, name)


def _first_picture(path: Path) -> float:
    with av.open(str(path)) as media:
        frame = next(media.decode(video=0))
        assert frame.key_frame
        return frame.time or 0.0


def test_documents_are_several_dozen() -> None:
    assert len(DOCUMENTS) >= 100
