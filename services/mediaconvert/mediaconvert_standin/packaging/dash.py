"""The MPEG-DASH manifest of an output group (ISO/IEC 23009-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mediaconvert_standin.packaging.fragments import MediaSegment
from mediaconvert_standin.packaging.group_files import path_from
from mediaconvert_standin.packaging.hls import as_uri
from mediaconvert_standin.transcoding.naming import Counter, SegmentNames

_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILES = {False: "urn:mpeg:dash:profile:isoff-main:2011", True: "urn:mpeg:dash:profile:isoff-on-demand:2011"}
_HBBTV = "urn:hbbtv:dash:profile:isoff-live:2012,urn:mpeg:dash:profile:isoff-live:2011"
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"


@dataclass(frozen=True)
class Representation:
    """One output as the manifest shows it. ``media`` is a template of segment names, or a URI; ``init`` a template.

    ``timeline`` writes each segment's length instead of one for all, which names by time need.
    """

    id: str
    kind: str  # video, audio, text
    mime_type: str
    codecs: str
    bandwidth: int  # bit/s
    media: str
    segments: tuple[MediaSegment, ...] = ()
    init: str | None = None
    index: tuple[int, int] | None = None  # first and last byte of a single file's index
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    sample_rate: int | None = None
    channels: int | None = None
    language: str | None = None
    timeline: bool = False


@dataclass(frozen=True)
class Manifest:
    """``seconds`` is the programme's length."""

    seconds: float
    min_buffer: float
    on_demand: bool = False
    hbbtv: bool = False
    base_url: str = ""


def mpd(representations: Sequence[Representation], manifest: Manifest) -> str:
    root = Element(
        "MPD",
        {
            "xmlns": _NAMESPACE,
            "profiles": _HBBTV if manifest.hbbtv else _PROFILES[manifest.on_demand],
            "type": "static",
            "mediaPresentationDuration": _duration(manifest.seconds),
            "minBufferTime": _duration(manifest.min_buffer),
        },
    )
    if manifest.base_url:
        SubElement(root, "BaseURL").text = manifest.base_url
    period = SubElement(root, "Period", {"start": "PT0S", "duration": _duration(manifest.seconds), "id": "1"})
    for number, (shared, members) in enumerate(_sets(representations), start=1):
        adaptation = SubElement(period, "AdaptationSet", {"id": str(number), **shared})
        if members[0].kind != "text":
            adaptation.set("segmentAlignment", "true")
            adaptation.set("startWithSAP", "1")
        for member in members:
            _representation(adaptation, member, manifest)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _sets(representations: Sequence[Representation]) -> list[tuple[dict[str, str], list[Representation]]]:
    """All pictures of one codec are one set; sound and text are one set for each language and codec."""
    sets: dict[tuple[str, ...], tuple[dict[str, str], list[Representation]]] = {}
    for item in representations:
        shared = {"contentType": item.kind, "mimeType": item.mime_type}
        if item.language and item.kind != "video":
            shared["lang"] = item.language
        key = (item.kind, item.mime_type, item.language or "", item.codecs.partition(".")[0])
        sets.setdefault(key, (shared, []))[1].append(item)
    return list(sets.values())


def template(names: SegmentNames, extension: str, manifest: str) -> str:
    """``SegmentTemplate@media`` for a manifest with that key: our own dollar signs are doubled (5.3.9.4.4)."""
    written = "".join(
        _tag(part) if isinstance(part, Counter) else literal(part) for part in (*names.parts, f".{extension}")
    )
    return path_from(literal(manifest), written)


def literal(name: str) -> str:
    """A key as part of a template."""
    return as_uri(name).replace("$", "$$")


def _tag(counter: Counter) -> str:
    return f"${counter.name}%0{counter.digits}d$" if counter.digits > 1 else f"${counter.name}$"


def segment_times(segments: Sequence[MediaSegment]) -> list[int]:
    """Where the timeline says that each segment starts, in units of the timescale."""
    return list(accumulate((segment.duration for segment in segments[:-1]), initial=segments[0].start))


def _representation(parent: Element, item: Representation, manifest: Manifest) -> None:
    values: dict[str, object | None] = {
        "id": item.id,
        "bandwidth": item.bandwidth,
        "codecs": item.codecs or None,
        "width": item.width,
        "height": item.height,
        "frameRate": _ratio(item.frame_rate),
        "audioSamplingRate": item.sample_rate,
    }
    element = SubElement(parent, "Representation", {name: str(value) for name, value in values.items() if value})
    if item.channels:
        SubElement(
            element,
            "AudioChannelConfiguration",
            {"schemeIdUri": _CHANNELS, "value": str(_configuration(item.channels))},
        )
    if item.index is not None:
        SubElement(element, "BaseURL").text = item.media
        base = SubElement(element, "SegmentBase", {"indexRange": f"{item.index[0]}-{item.index[1]}"})
        base.set("timescale", str(item.segments[0].timescale))
        SubElement(base, "Initialization", {"range": f"0-{item.index[0] - 1}"})
    elif item.segments:
        _template(element, item, manifest)
    else:
        SubElement(element, "BaseURL").text = item.media


def _template(parent: Element, item: Representation, manifest: Manifest) -> None:
    first = item.segments[0]
    template = SubElement(parent, "SegmentTemplate", {"timescale": str(first.timescale), "media": item.media})
    template.set("initialization", item.init or "")
    template.set("startNumber", "1")
    lengths = [segment.duration for segment in item.segments]
    if not item.timeline and _evenly_cut(item.segments, manifest.seconds):
        template.set("duration", str(lengths[0]))
        return
    timeline = SubElement(template, "SegmentTimeline")
    start, run, repeats = first.start, lengths[0], 0
    for length in [*lengths[1:], None]:
        if length == run:
            repeats += 1
            continue
        entry = SubElement(timeline, "S", {"t": str(start), "d": str(run)})
        if repeats:
            entry.set("r", str(repeats))
        start += run * (repeats + 1)
        run, repeats = length or 0, 0


def _evenly_cut(segments: Sequence[MediaSegment], seconds: float) -> bool:
    """Does one length for all say where each segment is, and how many there are?"""
    first, lengths = segments[0], [segment.duration for segment in segments]
    even = first.start == 0 and len(set(lengths[:-1])) <= 1 and lengths[-1] <= lengths[0]
    return even and ceil(round(seconds, 3) * first.timescale / lengths[0]) == len(lengths)


def _configuration(channels: int) -> int:
    """ChannelConfiguration of ISO/IEC 23001-8: 7.1 is 7, the others are their number."""
    return 7 if channels == 8 else channels


def _ratio(value: Fraction | None) -> str | None:
    if value is None:
        return None
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _duration(seconds: float) -> str:
    return f"PT{seconds:.3f}S"
