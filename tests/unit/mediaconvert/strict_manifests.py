"""HLS playlists and DASH manifests read as strictly as their specifications are written."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from urllib.parse import unquote
from xml.etree.ElementTree import Element, fromstring

ReadBytes = Callable[[str], bytes]  # by key; raises KeyError for a missing object

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)')
_MEDIA_TAGS = {
    "EXT-X-ALLOW-CACHE",
    "EXT-X-BYTERANGE",
    "EXT-X-ENDLIST",
    "EXT-X-I-FRAMES-ONLY",
    "EXT-X-MAP",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-TARGETDURATION",
    "EXT-X-VERSION",
    "EXTINF",
}
_MASTER_TAGS = {
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-VERSION",
}
_DASH = "{urn:mpeg:dash:schema:mpd:2011}"


@dataclass(frozen=True)
class Part:
    """A segment: its object, the bytes of it (offset, size) or None for all, and seconds."""

    key: str
    bytes_: tuple[int, int] | None
    seconds: float


@dataclass(frozen=True)
class Child:
    key: str
    init: Part | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Stream:
    """A line of the multivariant playlist with its attributes, and the playlist it names."""

    attributes: dict[str, str]
    child: Child


@dataclass(frozen=True)
class Master:
    streams: tuple[Stream, ...]
    media: tuple[Stream, ...]
    i_frames: tuple[Stream, ...]


def read_master(key: str, read: ReadBytes) -> Master:
    """RFC 8216, 4.3.4. Raises AssertionError for anything that is not as it should be."""
    lines = _lines(read(key))
    version = _version(lines)
    streams: list[Stream] = []
    media: list[Stream] = []
    i_frames: list[Stream] = []
    waiting: dict[str, str] | None = None
    for line in lines[1:]:
        tag, value = _tag(line)
        if tag is None:
            assert waiting is not None, f"a URI without EXT-X-STREAM-INF: {line}"
            streams.append(Stream(waiting, read_child(_beside(key, line), read)))
            waiting = None
            continue
        assert tag in _MASTER_TAGS, f"{tag} in a multivariant playlist"
        assert waiting is None, "EXT-X-STREAM-INF must be followed by its URI"
        attributes = _attributes(value) if tag not in ("EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS") else {}
        if tag == "EXT-X-STREAM-INF":
            assert attributes["BANDWIDTH"].isdigit()
            assert int(attributes["BANDWIDTH"]) >= int(attributes["AVERAGE-BANDWIDTH"])
            assert attributes["CODECS"].startswith('"')
            waiting = attributes
        elif tag == "EXT-X-MEDIA":
            assert {"TYPE", "GROUP-ID", "NAME", "URI"} <= attributes.keys()
            assert attributes["AUTOSELECT"] == "YES" or attributes["DEFAULT"] == "NO"
            media.append(Stream(attributes, read_child(_beside(key, attributes["URI"].strip('"')), read)))
        elif tag == "EXT-X-I-FRAME-STREAM-INF":
            assert version >= 4
            i_frames.append(Stream(attributes, read_child(_beside(key, attributes["URI"].strip('"')), read)))
    assert streams
    _check_groups(streams, media)
    return Master(tuple(streams), tuple(media), tuple(i_frames))


def _check_groups(streams: list[Stream], media: list[Stream]) -> None:
    groups = {(item.attributes["TYPE"], item.attributes["GROUP-ID"]) for item in media}
    for stream in streams:
        for kind in ("AUDIO", "SUBTITLES"):
            if kind in stream.attributes:
                assert (kind, stream.attributes[kind]) in groups
    names = [(item.attributes["TYPE"], item.attributes["GROUP-ID"], item.attributes["NAME"]) for item in media]
    assert len(set(names)) == len(names)
    for group in groups:
        members = [item for item in media if (item.attributes["TYPE"], item.attributes["GROUP-ID"]) == group]
        assert sum(item.attributes["DEFAULT"] == "YES" for item in members) <= 1


def read_child(key: str, read: ReadBytes) -> Child:
    """RFC 8216, 4.3.2 and 4.3.3."""
    lines = _lines(read(key))
    version = _version(lines)
    values = {}
    parts: list[Part] = []
    init: Part | None = None
    seconds: float | None = None
    place: tuple[int, int] | None = None
    for line in lines[1:]:
        tag, value = _tag(line)
        if tag is None:
            assert seconds is not None, f"a URI without EXTINF: {line}"
            parts.append(_part(_beside(key, line), place, seconds, read))
            seconds = place = None
            continue
        assert tag in _MEDIA_TAGS, f"{tag} in a media playlist"
        values[tag] = value
        if tag == "EXTINF":
            number, comma, _ = value.partition(",")
            assert comma
            assert re.fullmatch(r"\d+" if version < 3 else r"\d+(\.\d+)?", number)
            seconds = float(number)
        elif tag == "EXT-X-BYTERANGE":
            assert version >= 4
            size, _, offset = value.partition("@")
            place = int(offset), int(size)
        elif tag == "EXT-X-MAP":
            assert version >= 6
            init = _init(key, _attributes(value), read)
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert parts
    assert max(round(part.seconds) for part in parts) <= int(values["EXT-X-TARGETDURATION"])
    return Child(key, init, tuple(parts))


def _init(key: str, attributes: dict[str, str], read: ReadBytes) -> Part:
    place = None
    if "BYTERANGE" in attributes:
        size, _, offset = attributes["BYTERANGE"].strip('"').partition("@")
        place = int(offset), int(size)
    part = _part(_beside(key, attributes["URI"].strip('"')), place, 0.0, read)
    assert bytes_of(part, read)[4:8] == b"ftyp"
    return part


def _part(key: str, place: tuple[int, int] | None, seconds: float, read: ReadBytes) -> Part:
    data = read(key)
    if place is not None:
        assert 0 <= place[0] < place[0] + place[1] <= len(data)
    return Part(key, place, seconds)


def bytes_of(part: Part, read: ReadBytes) -> bytes:
    data = read(part.key)
    return data if part.bytes_ is None else data[part.bytes_[0] : part.bytes_[0] + part.bytes_[1]]


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8")
    assert "\r" not in text
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == ""
    assert all(lines[:-1])
    return lines[:-1]


def _version(lines: list[str]) -> int:
    found = [line for line in lines if line.startswith("#EXT-X-VERSION:")]
    assert len(found) == 1
    return int(found[0].partition(":")[2])


def _tag(line: str) -> tuple[str | None, str]:
    if not line.startswith("#"):
        return None, line
    name, _, value = line[1:].partition(":")
    return name, value


def _attributes(text: str) -> dict[str, str]:
    found = {}
    position = 0
    while position < len(text):
        match = _ATTRIBUTE.match(text, position)
        assert match is not None, f"not an attribute list: {text[position:]}"
        assert match[1] not in found
        found[match[1]] = match[2]
        position = match.end()
    return found


def _beside(key: str, name: str) -> str:
    folder, slash, _ = key.rpartition("/")
    return f"{folder}{slash}{unquote(name)}"


@dataclass(frozen=True)
class Shown:
    """A Representation with its own and its set's attributes, and its segments."""

    attributes: dict[str, str]
    init: bytes
    segments: tuple[bytes, ...]
    seconds: tuple[float, ...]
    key: str


def read_mpd(key: str, read: ReadBytes) -> tuple[float, list[Shown]]:
    """ISO/IEC 23009-1: the presentation's seconds and its representations."""
    data = read(key)
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    root = fromstring(data)  # noqa: S314 - our own manifest
    assert root.tag == f"{_DASH}MPD"
    assert root.attrib["type"] == "static"
    assert "urn:mpeg:dash:profile:" in root.attrib["profiles"]
    total = iso_seconds(root.attrib["mediaPresentationDuration"])
    assert iso_seconds(root.attrib["minBufferTime"]) >= 0
    (period,) = root.findall(f"{_DASH}Period")
    assert iso_seconds(period.attrib["duration"]) == total
    ids: list[str] = []
    shown = []
    for adaptation in period.findall(f"{_DASH}AdaptationSet"):
        assert "mimeType" in adaptation.attrib
        for item in adaptation.findall(f"{_DASH}Representation"):
            ids.append(item.attrib["id"])
            assert int(item.attrib["bandwidth"]) > 0
            shown.append(_shown(key, {**adaptation.attrib, **item.attrib}, item, total, read))
    assert len(set(ids)) == len(ids) > 0
    return total, shown


def _shown(key: str, attributes: dict[str, str], item: Element, total: float, read: ReadBytes) -> Shown:
    template = item.find(f"{_DASH}SegmentTemplate")
    if template is not None:
        return _templated(key, attributes, template, total, read)
    base = item.find(f"{_DASH}BaseURL")
    assert base is not None
    assert base.text
    name = _beside(key, base.text)
    index = item.find(f"{_DASH}SegmentBase")
    if index is None:
        assert attributes["contentType"] == "text"
        return Shown(attributes, b"", (read(name),), (), name)
    data = read(name)
    first, last = map(int, index.attrib["indexRange"].split("-"))
    assert data[first + 4 : first + 8] == b"sidx"
    assert int.from_bytes(data[first : first + 4], "big") == last - first + 1
    initialization = index.find(f"{_DASH}Initialization")
    assert initialization is not None
    assert initialization.attrib["range"] == f"0-{first - 1}"
    segments, seconds = _by_index(data, first, last + 1)
    return Shown(attributes, data[:first], tuple(segments), tuple(seconds), name)


def _by_index(data: bytes, first: int, position: int) -> tuple[list[bytes], list[float]]:
    timescale, count = struct.unpack_from(">I", data, first + 16)[0], struct.unpack_from(">H", data, first + 38)[0]
    segments, seconds = [], []
    for number in range(count):
        size, duration, _ = struct.unpack_from(">III", data, first + 40 + 12 * number)
        segments.append(data[position : position + size])
        assert segments[-1][4:8] == b"moof"
        seconds.append(duration / timescale)
        position += size
    assert position == len(data)
    return segments, seconds


def _templated(key: str, attributes: dict[str, str], template: Element, total: float, read: ReadBytes) -> Shown:
    timescale = int(template.attrib["timescale"])
    lengths: list[int] = []
    first = 0
    timeline = template.find(f"{_DASH}SegmentTimeline")
    if timeline is None:
        each = int(template.attrib["duration"])
        count = ceil(total * timescale / each)
        lengths = [each] * count
    else:
        position = None
        for entry in timeline.findall(f"{_DASH}S"):
            if position is not None and "t" in entry.attrib:
                assert int(entry.attrib["t"]) == position
            if position is None:
                first = int(entry.attrib.get("t", 0))
            position = int(entry.attrib.get("t", position or 0))
            lengths += [int(entry.attrib["d"])] * (int(entry.attrib.get("r", 0)) + 1)
            position += int(entry.attrib["d"]) * (int(entry.attrib.get("r", 0)) + 1)
    start = int(template.attrib["startNumber"])
    media = template.attrib["media"]
    assert timeline is not None or "$Time$" not in media
    keys = [
        _beside(key, _filled(media, {"Number": start + n, "Time": first + sum(lengths[:n])}))
        for n in range(len(lengths))
    ]
    assert len(set(keys)) == len(keys)
    segments = tuple(read(name) for name in keys)
    assert all(segment[4:8] == b"styp" for segment in segments)
    init = read(_beside(key, _filled(template.attrib["initialization"], {})))
    assert init[4:8] == b"ftyp"
    return Shown(attributes, init, segments, tuple(length / timescale for length in lengths), keys[0])


def _filled(template: str, values: dict[str, int]) -> str:
    """ISO/IEC 23009-1, 5.3.9.4.4. Raises KeyError for an identifier that has no value here."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return str(values[match[1]]).zfill(int(match[2] or 1))

    assert re.sub(r"\$(\w*)(?:%0(\d+)d)?\$", "", template).count("$") == 0, f"a dollar sign alone: {template}"
    return re.sub(r"\$(\w*)(?:%0(\d+)d)?\$", value, template)


def iso_seconds(text: str) -> float:
    """An xs:duration of hours, minutes and seconds."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text)
    assert found, text
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
