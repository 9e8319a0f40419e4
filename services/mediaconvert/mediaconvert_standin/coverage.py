"""The coverage table: what CreateJob does with every setting of the service's model, found by asking it.

``python -m mediaconvert_standin.coverage > COVERAGE.md``

Each setting is put, with each of its values, into a job that suits it, and the job goes through the same checks as
in CreateJob. Nothing here knows which settings are supported, so the table cannot disagree with the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from mediaconvert_standin.errors import UNSUPPORTED, BadRequest
from mediaconvert_standin.job_settings.honoured import is_default
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.operations.rules import check_rules
from mediaconvert_standin.protocol.schema import check_request
from mediaconvert_standin.protocol.wire import service_model

Json = dict[str, Any]
Path = tuple[str, ...]

HONOURED, DEFAULT, WARNED, REFUSED, CHECKED = "honoured", "default", "warned", "refused", "checked"
_MAP_KEY = "Audio Selector 1"
_S3 = "s3://bucket/folder/file"
_NUMBERS = (2, 1, 4, 8, 0)
_TEXTS = (_S3 + ".srt", "00:00:01:00", "text", "ENG", "1", "s3://bucket/image.png", "s3://bucket/a.xml", "2026-01-01")

_PREAMBLE = """# Coverage: setting → honoured, warned, refused

Made from the code by `python -m mediaconvert_standin.coverage`, which asks CreateJob about every setting of the
service's model; a test keeps it current. `[]` stands for an item of a list, `{}` for a key of a map.

- **honoured**: it does here what it does on the service, or nothing here or there depends on it
- **default**: only the service's default, accepted in silence; any other value gives a warning
- **warned**: accepted without effect, and named in the job's `messages.warning`
- **refused**: 400 `Not supported by this emulator: …`, because the result would not be what was asked for
- **checked**: accepted or refused together with other settings only, in the service's own words

Where values of one setting differ, each is named. A line that ends in `/…` speaks for everything below it.
"""


@dataclass(frozen=True)
class Row:
    """A setting by its path, and what becomes of its values: status → values, () for all of them."""

    path: Path
    verdicts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def status(self) -> str:
        return ", ".join(f"{status}: {' '.join(values)}" if values else status for status, values in self.verdicts)


def rows() -> list[Row]:
    """Every leaf of JobSettings, in the model's order."""
    return [_judge(path, shape) for path, shape in leaves(service_model().shape_for("JobSettings"))]


def leaves(shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    if isinstance(shape, StructureShape):
        for key, member in shape.members.items():
            yield from leaves(member, (*path, member.serialization.get("name", key)))
    elif isinstance(shape, ListShape):
        yield from leaves(shape.member, (*path, "[]"))
    elif isinstance(shape, MapShape):
        yield from leaves(shape.value, (*path, "{}"))
    else:
        yield path, shape


def _judge(path: Path, shape: Shape) -> Row:
    by_status: dict[str, list[str]] = {}
    values = list(_values(shape))
    for value in values:
        by_status.setdefault(_verdict(path, value), []).append(str(value))
    if not (isinstance(shape, StringShape) and shape.enum):
        # One of the tried values that is accepted says more than others that only were no good values.
        best = next(status for status in (HONOURED, WARNED, DEFAULT, REFUSED, CHECKED) if status in by_status)
        return Row(path, ((best, ()),))
    if len(by_status) == 1:
        return Row(path, ((next(iter(by_status)), ()),))
    return Row(path, tuple((status, tuple(found)) for status, found in by_status.items()))


def _values(shape: Shape) -> Iterable[Any]:
    if isinstance(shape, StringShape):
        return shape.enum or _TEXTS
    if shape.type_name == "boolean":
        return (True, False)
    low = shape.metadata.get("min")
    high = shape.metadata.get("max")
    extra = [bound for bound in (low, high) if bound is not None]
    fits = [number for number in _NUMBERS if (low is None or number >= low) and (high is None or number <= high)]
    return [*fits, *extra] or [1]


def _verdict(path: Path, value: Any) -> str:
    found = CHECKED
    for base in _bases(path):
        settings = deepcopy(base)
        for name, beside in _NOTHING_WITHOUT.items():
            for member, needed in beside.items() if name in path else ():
                _put(settings, (*path[: path.index(name) + 1], *member), deepcopy(needed))
        _put(settings, path, value)
        verdict = _ask(settings, path, value)
        if verdict in (HONOURED, WARNED, DEFAULT):
            return verdict
        if verdict == REFUSED:
            found = REFUSED
    return found


def _ask(settings: Json, path: Path, value: Any) -> str:
    """What CreateJob says of a job that differs from a good one by one setting."""
    operation = service_model().operation_model("CreateJob")
    request = {"role": "arn:aws:iam::000000000000:role/r", "settings": settings}
    try:
        assert isinstance(operation.input_shape, StructureShape)  # noqa: S101 - for the types
        check_request(operation.input_shape, request)
        check_rules(request)
        plan = parse_settings(settings)
    except BadRequest as error:
        return REFUSED if error.message.startswith(UNSUPPORTED) else CHECKED
    pointer = "/" + "/".join(_concrete(path))
    if any(pointer in warning for warning in plan.warnings):
        return WARNED
    return DEFAULT if is_default(path[-1], value) else HONOURED


def _concrete(path: Path) -> list[str]:
    return [{"[]": "0", "{}": _MAP_KEY}.get(part, part) for part in path]


def _put(settings: Json, path: Path, value: Any) -> None:
    """Set one member, making what is missing on the way to it."""
    place: Any = settings
    for part, following in zip(path, (*path[1:], ""), strict=True):
        empty: Any = value if not following else [] if following == "[]" else {}
        if part == "[]":
            if not place:
                place.append(empty)
            elif not following:
                place[0] = value
            place = place[0]
        else:
            name = _MAP_KEY if part == "{}" else part
            if not following:
                place[name] = value
            place = place.setdefault(name, empty)


def _bases(path: Path) -> Iterator[Json]:
    """Good jobs that a setting may be put into: the kinds of group, container and codec that its path names."""
    for group, container in _groups(path):
        for video in _videos(path):
            for audio in _audios(path):
                yield from _jobs(group, container, video, audio, path)


def _jobs(group: str, container: str, video: Json, audio: Json, path: Path) -> Iterator[Json]:
    if group == "CMAF_GROUP_SETTINGS":  # one kind of media in an output
        yield _job(group, container, video, None)
        yield _job(group, container, None, audio)
    elif "encryption" in path and group == "HLS_GROUP_SETTINGS":
        job = _job(group, container, video, audio)
        job["outputGroups"][0]["outputGroupSettings"]["hlsGroupSettings"]["encryption"] = deepcopy(_ENCRYPTION)
        yield job
    elif path[-1] == "container":
        for fitting, (own_video, own_audio) in _CONTENTS.items():
            yield _job(group, fitting, own_video, own_audio)
        yield _job(group, container, video, audio)
    elif container in _CONTENTS and group == "FILE_GROUP_SETTINGS":
        yield _job(group, container, *_CONTENTS[container])
    elif container == "MP4":
        fitting = _FITTING.get(video["codec"]) or _FITTING.get(audio["codec"]) or container
        webm = fitting == "WEBM"
        other_video = _CONTENTS["WEBM"][0] if webm and video["codec"] == "H_264" else video
        other_audio = _CONTENTS["WEBM"][1] if webm and audio["codec"] == "AAC" else audio
        yield _job(group, fitting, other_video, None if fitting == "GIF" else other_audio)
    else:
        yield _job(group, container, video, audio)


def _groups(path: Path) -> list[tuple[str, str]]:
    named = {
        "hlsGroupSettings": [("HLS_GROUP_SETTINGS", "M3U8")],
        "hlsSettings": [("HLS_GROUP_SETTINGS", "M3U8")],
        "m3u8Settings": [("HLS_GROUP_SETTINGS", "M3U8")],
        "dashIsoGroupSettings": [("DASH_ISO_GROUP_SETTINGS", "MPD")],
        "mpdSettings": [("DASH_ISO_GROUP_SETTINGS", "MPD")],
        "cmafGroupSettings": [("CMAF_GROUP_SETTINGS", "CMFC")],
        "cmfcSettings": [("CMAF_GROUP_SETTINGS", "CMFC")],
        "msSmoothGroupSettings": [("MS_SMOOTH_GROUP_SETTINGS", "ISMV")],
        "movSettings": [("FILE_GROUP_SETTINGS", "MOV")],
        "mxfSettings": [("FILE_GROUP_SETTINGS", "MXF")],
        "m2tsSettings": [("FILE_GROUP_SETTINGS", "M2TS")],
        "f4vSettings": [("FILE_GROUP_SETTINGS", "F4V")],
    }
    found = [pair for part in path for pair in named.get(part, [])]
    if path[-1] == "container":
        return [("FILE_GROUP_SETTINGS", "MP4"), ("HLS_GROUP_SETTINGS", "M3U8"), ("DASH_ISO_GROUP_SETTINGS", "MPD"),
                ("CMAF_GROUP_SETTINGS", "CMFC"), ("MS_SMOOTH_GROUP_SETTINGS", "ISMV")]  # fmt: skip
    return found or [("FILE_GROUP_SETTINGS", "MP4")]


_VIDEO_CODECS = {
    "av1Settings": "AV1",
    "avcIntraSettings": "AVC_INTRA",
    "frameCaptureSettings": "FRAME_CAPTURE",
    "gifSettings": "GIF",
    "h264Settings": "H_264",
    "h265Settings": "H_265",
    "mpeg2Settings": "MPEG2",
    "passthroughSettings": "PASSTHROUGH",
    "proresSettings": "PRORES",
    "uncompressedSettings": "UNCOMPRESSED",
    "vc3Settings": "VC3",
    "vp8Settings": "VP8",
    "vp9Settings": "VP9",
    "xavcSettings": "XAVC",
}
_AUDIO_CODECS = {
    "aacSettings": "AAC",
    "ac3Settings": "AC3",
    "ac4Settings": "AC4",
    "aiffSettings": "AIFF",
    "eac3AtmosSettings": "EAC3_ATMOS",
    "eac3Settings": "EAC3",
    "flacSettings": "FLAC",
    "mp2Settings": "MP2",
    "mp3Settings": "MP3",
    "opusSettings": "OPUS",
    "vorbisSettings": "VORBIS",
    "wavSettings": "WAV",
}


# What a container holds that does not hold H.264 with AAC.
_CONTENTS: dict[str, tuple[Json | None, Json | None]] = {
    "GIF": ({"codec": "GIF", "gifSettings": {}}, None),
    "MXF": (
        {"codec": "MPEG2", "mpeg2Settings": {"bitrate": 2_000_000}},
        {"codec": "WAV", "wavSettings": {}},
    ),
    "OGG": (None, {"codec": "VORBIS", "vorbisSettings": {}}),
    "RAW": (None, {"codec": "WAV", "wavSettings": {}}),
    "WEBM": ({"codec": "VP9", "vp9Settings": {"bitrate": 2_000_000}}, {"codec": "OPUS", "opusSettings": {}}),
}
# Containers for codecs that MP4 does not hold.
_FITTING = {
    "AIFF": "MOV",
    "GIF": "GIF",
    "MPEG2": "MOV",
    "PRORES": "MOV",
    "VORBIS": "WEBM",
    "VP8": "WEBM",
    "WAV": "MOV",
}
# Members that an object can not be without, and a value that is accepted in every job here.
_NOTHING_WITHOUT: dict[str, dict[Path, Any]] = {
    "noiseReducer": {("filter",): "SPATIAL"},
    "additionalManifests": {("[]", "manifestNameModifier"): "-other", ("[]", "selectedOutputs"): ["_1"]},
}
_ENCRYPTION = {
    "type": "STATIC_KEY",
    "encryptionMethod": "AES128",
    "staticKeyProvider": {"staticKeyValue": "0" * 32, "url": "https://example.com/key"},
}


def _videos(path: Path) -> list[Json]:
    return [_video(codec, name) for name, codec in _VIDEO_CODECS.items() if name in path] or [
        _video("H_264", "h264Settings")
    ]


def _video(codec: str, name: str) -> Json:
    rates = {"rateControlMode": "QVBR", "maxBitrate": 2_000_000}
    constant = {"bitrate": 2_000_000}
    settings = {
        **dict.fromkeys(("H_264", "H_265", "AV1"), rates),
        **dict.fromkeys(("MPEG2", "VP8", "VP9"), constant),
        "FRAME_CAPTURE": {"maxCaptures": 1},
    }.get(codec, {})
    return {"codec": codec, name: settings}


def _audios(path: Path) -> list[Json]:
    aac = {"bitrate": 128_000, "codingMode": "CODING_MODE_2_0", "sampleRate": 48_000}
    named = [{"codec": codec, name: {}} for name, codec in _AUDIO_CODECS.items() if name in path and codec != "AAC"]
    return named or [{"codec": "AAC", "aacSettings": aac}]


def _job(group: str, container: str, video: Json | None, audio: Json | None) -> Json:
    capture = video is not None and video["codec"] == "FRAME_CAPTURE"
    output: Json = {"containerSettings": {"container": "RAW" if capture else container}}
    if video is not None:
        output["videoDescription"] = {"codecSettings": deepcopy(video)}
    if audio is not None and not capture:
        output["audioDescriptions"] = [{"codecSettings": deepcopy(audio)}]
    name = group.title().replace("_", "")
    settings = {"type": group, name[0].lower() + name[1:]: {"destination": "s3://bucket/out/"}}
    groups = [{"outputGroupSettings": settings, "outputs": [output]}]
    if capture:
        groups += _job(group, container, _video("H_264", "h264Settings"), audio)["outputGroups"]
        groups[1]["outputGroupSettings"] = {
            "type": "FILE_GROUP_SETTINGS",
            "fileGroupSettings": {"destination": "s3://bucket/film/"},
        }
    source = {"fileInput": f"{_S3}.mp4", "audioSelectors": {_MAP_KEY: {"defaultSelection": "DEFAULT"}}}
    return {"inputs": [source], "outputGroups": groups}


def table(found: list[Row]) -> str:
    """Markdown: one line for a setting, or for everything under a path that has one and the same verdict."""
    lines = [_PREAMBLE, _summary(found), "| setting | here |", "|---|---|"]
    lines += [f"| `{_shown(path)}` | {status} |" for path, status in _folded(found)]
    return "\n".join(lines) + "\n"


def _summary(found: list[Row]) -> str:
    counts = {status: sum(status in dict(row.verdicts) for row in found) for status in (HONOURED, DEFAULT, WARNED)}
    refused = sum(all(status == REFUSED for status, _ in row.verdicts) for row in found)
    return (
        f"Of {len(found)} settings {counts[HONOURED]} are honoured with all or some of their values, "
        f"{counts[WARNED]} give a warning with all or some, and {refused} are refused whatever their value.\n"
    )


def _folded(found: list[Row]) -> Iterator[tuple[Path, str]]:
    index = 0
    while index < len(found):
        row = found[index]
        depth = next(
            (
                size
                for size in range(1, len(row.path))
                if len({other.status for other in found if other.path[:size] == row.path[:size]}) == 1
            ),
            None,
        )
        if depth is None:
            yield row.path, row.status
            index += 1
            continue
        prefix = row.path[:depth]
        yield (*prefix, "…"), row.status
        while index < len(found) and found[index].path[:depth] == prefix:
            index += 1


def _shown(path: Path) -> str:
    return "/".join(path).replace("/[]", "[]").replace("/{}", "{}")


def main() -> None:
    sys.stdout.write(table(rows()))


if __name__ == "__main__":
    main()
