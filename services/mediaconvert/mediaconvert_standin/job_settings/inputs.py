"""Inputs of a job: files, clips, selectors and pictures laid over them."""

from __future__ import annotations

from itertools import pairwise

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.locations import parse_object
from mediaconvert_standin.job_settings.plan import (
    AudioSelector,
    CaptionSource,
    Clip,
    Input,
    Rectangle,
    Remix,
    StillImage,
    Timeline,
)
from mediaconvert_standin.job_settings.reading import Node
from mediaconvert_standin.job_settings.timecodes import Timecode

DEFAULT_OPACITY = 50
MAX_IMAGES = 32

_SELECTOR_TYPES = {"", "TRACK", "STREAM", "LANGUAGE_CODE", "PID", "ALL_PCM"}
# Colours that the encoders here can be told of; the service knows more.
_COLOR_SPACES = {"REC_601", "REC_709", "HDR10", "HLG_2020"}


def parse_input(node: Node) -> Input:
    """Raises BadRequest, Unsupported."""
    uri = node.text("fileInput")
    if not uri:
        raise BadRequest(f"{node.pointer}: fileInput is a required property")
    video = node.child("videoSelector")
    rotate = video.text("rotate", "DEGREE_0")
    color_space = video.text("colorSpace", "FOLLOW")
    if color_space not in (*_COLOR_SPACES, "FOLLOW"):
        raise Unsupported(f"{video.path('colorSpace')} {color_space}")
    return Input(
        source=parse_object(uri, node.path("fileInput")),
        rotate=None if rotate == "DEGREE_0" else rotate,
        audio_selectors=_audio_selectors(node),
        crop=parse_rectangle(node.child("crop")),
        position=parse_rectangle(node.child("position")),
        clips=_clips(node),
        timeline=_input_timeline(node),
        caption_sources={
            name: source
            for name, child in node.named("captionSelectors").items()
            if (source := _caption_source(child)) is not None
        },
        images=parse_images(node.child("imageInserter")),
        color_space=None if color_space == "FOLLOW" else color_space,
        color_forced=video.text("colorSpaceUsage", "FORCE") == "FORCE",
    )


def parse_rectangle(node: Node) -> Rectangle | None:
    """Raises BadRequest."""
    if not node:
        return None
    x, y = node.integer("x") or 0, node.integer("y") or 0
    width, height = node.integer("width"), node.integer("height")
    if not width or not height:
        raise BadRequest(f"{node.pointer}: width and height are required properties")
    return Rectangle(x, y, width, height)


def parse_images(node: Node) -> tuple[StillImage, ...]:
    """An image inserter's pictures, the lowest layer first. Raises BadRequest, Unsupported."""
    images = [_image(child) for child in node.children("insertableImages")]
    if len(images) > MAX_IMAGES:
        raise Unsupported(f"{node.path('insertableImages')} with more than {MAX_IMAGES} images")
    return tuple(sorted(images, key=lambda image: image.layer))


def _image(node: Node) -> StillImage:
    uri = node.text("imageInserterInput")
    if not uri:
        raise BadRequest(f"{node.pointer}: imageInserterInput is a required property")
    opacity = node.integer("opacity")
    duration = node.integer("duration")
    return StillImage(
        location=parse_object(uri, node.path("imageInserterInput")),
        x=node.integer("imageX") or 0,
        y=node.integer("imageY") or 0,
        width=node.integer("width") or None,
        height=node.integer("height") or None,
        layer=node.integer("layer") or 0,
        opacity=DEFAULT_OPACITY if opacity is None else opacity,
        start=parse_timecode(node, "startTime"),
        duration=None if not duration else duration / 1000,
        fade_in=(node.integer("fadeIn") or 0) / 1000,
        fade_out=(node.integer("fadeOut") or 0) / 1000,
    )


def parse_timecode(node: Node, name: str) -> Timecode | None:
    """Raises BadRequest."""
    text = node.text(name)
    if not text:
        return None
    try:
        return Timecode.parse(text)
    except ValueError as error:
        raise BadRequest(f"{node.path(name)}: Should be a timecode HH:MM:SS:FF") from error


def parse_remix(node: Node) -> Remix | None:
    """Raises BadRequest."""
    if not node:
        return None
    node.skip("channelsIn", "channelsOut")
    if "audioDescriptionAudioChannel" in node or "audioDescriptionDataChannel" in node:
        raise Unsupported(f"{node.pointer} with an audio description")
    rows = []
    for channel in node.child("channelMapping").children("outputChannels"):
        row = channel.numbers("inputChannelsFineTune") or channel.numbers("inputChannels")
        if not row:
            raise BadRequest(f"{channel.pointer}: inputChannels is a required property")
        rows.append(row)
    if not rows:
        raise BadRequest(f"{node.path('channelMapping')}/outputChannels: Should have at least 1 items")
    return Remix(tuple(rows))


def _audio_selectors(node: Node) -> dict[str, AudioSelector]:
    selectors = {name: _audio_selector(child) for name, child in node.named("audioSelectors").items()}
    groups = {name: _selector_group(child, selectors) for name, child in node.named("audioSelectorGroups").items()}
    dynamic = {name: _dynamic_selector(child) for name, child in node.named("dynamicAudioSelectors").items()}
    return selectors | groups | dynamic


def _selector_group(node: Node, selectors: dict[str, AudioSelector]) -> AudioSelector:
    """Selectors whose channels become one track."""
    names = node.texts("audioSelectorNames")
    for name in names:
        if name not in selectors:
            raise BadRequest(f"{node.path('audioSelectorNames')}: No audio selector has the name {name}")
    members = [selectors[name] for name in names]
    if len(members) == 1:
        return members[0]
    if any(not member.tracks or member.external is not None for member in members):
        raise Unsupported(f"{node.pointer} of several selectors that do not name tracks of the input")
    return AudioSelector(tracks=tuple(track for member in members for track in member.tracks))


def _dynamic_selector(node: Node) -> AudioSelector:
    if node.text("externalAudioFileInput"):
        raise Unsupported(node.path("externalAudioFileInput"))
    language = node.text("languageCode").lower() if node.text("selectorType") == "LANGUAGE_CODE" else ""
    return AudioSelector(
        every_track=True,
        language=language or None,
        offset_ms=node.integer("offset") or 0,
        remix=parse_remix(node.child("remixSettings")),
    )


def _audio_selector(node: Node) -> AudioSelector:
    selector_type = node.text("selectorType")
    if selector_type not in _SELECTOR_TYPES:
        raise Unsupported(f"{node.path('selectorType')} {selector_type}")
    language = node.text("customLanguageCode") or node.text("languageCode")
    tracks, streams, pids = node.integers("tracks"), node.integers("streams"), node.integers("pids")
    external = node.text("externalAudioFileInput")
    return AudioSelector(
        default=node.text("defaultSelection") == "DEFAULT",
        tracks=tracks if selector_type in ("", "TRACK") else (),
        streams=streams if selector_type == "STREAM" else (),
        pids=pids if selector_type in ("", "PID") and not tracks else (),
        language=language.lower() or None if selector_type in ("", "LANGUAGE_CODE") else None,
        every_pcm=selector_type == "ALL_PCM",
        external=parse_object(external, node.path("externalAudioFileInput")) if external else None,
        offset_ms=node.integer("offset") or 0,
        remix=parse_remix(node.child("remixSettings")),
    )


def _caption_source(node: Node) -> CaptionSource | None:
    settings = node.child("sourceSettings")
    kind = settings.text("sourceType")
    language = (node.text("customLanguageCode") or node.text("languageCode")).lower() or None
    file = settings.child("fileSourceSettings")
    uri = file.text("sourceFile")
    unit = 1000 if file.text("timeDeltaUnits", "SECONDS") == "MILLISECONDS" else 1
    delta = (file.integer("timeDelta") or 0) / unit
    file.skip("convertPaintToPop", "convert608To708", "byteRateLimit", "upconvertSTLToTeletext")
    # Captions inside the video: without effect unless an output asks for them, which is refused there.
    for name in ("embedded", "ancillary", "dvbSub", "teletext", "track", "webvttHls"):
        settings.skip(f"{name}SourceSettings")
    if not kind:
        return None
    location = parse_object(uri, file.path("sourceFile")) if uri else None
    return CaptionSource(kind, location, delta, language)


def _input_timeline(node: Node) -> Timeline:
    source = node.text("timecodeSource", "EMBEDDED")
    start = parse_timecode(node, "timecodeStart")
    if source == "SPECIFIEDSTART" and start is None:
        raise BadRequest(f"{node.pointer}: timecodeStart is a required property")
    return Timeline(source, start if source == "SPECIFIEDSTART" else None)


def _clips(node: Node) -> tuple[Clip, ...]:
    clips = []
    for child in node.children("inputClippings"):
        clip = Clip(parse_timecode(child, "startTimecode"), parse_timecode(child, "endTimecode"))
        if clip.start is None and clip.end is None:
            raise BadRequest(f"{child.pointer}: Should have a startTimecode or an endTimecode")
        if clip.start is not None and clip.end is not None and _order(clip.start) > _order(clip.end):
            raise BadRequest(f"{child.pointer}: The startTimecode should not be after the endTimecode")
        clips.append(clip)
    for index, (one, other) in enumerate(pairwise(clips), start=1):
        if one.end is None or other.start is None or _order(other.start) <= _order(one.end):
            raise BadRequest(
                f"{node.path('inputClippings')}/{index}: Clips should be in the order of time and should not overlap"
            )
    return tuple(clips)


def _order(timecode: Timecode) -> tuple[int, int, int, int]:
    return timecode.hours, timecode.minutes, timecode.seconds, timecode.frames
