"""One output of a job: container, picture, sound and captions."""

from __future__ import annotations

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.audio_encoders import parse_audio
from mediaconvert_standin.job_settings.encoders import parse_video_codec
from mediaconvert_standin.job_settings.inputs import parse_images, parse_rectangle
from mediaconvert_standin.job_settings.plan import (
    Audio,
    BurnInStyle,
    CaptionOutput,
    Color,
    FrameCapture,
    Output,
    Rendition,
    TimecodeBurnin,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.job_settings.reading import Node

DEFAULT_BURNIN_FONT_SIZE = 10  # TimecodeBurnin.fontSize of the service model

# What ffmpeg writes into a container and players read from it.
_VIDEO_CODECS = {
    "CMFC": {"H_264", "H_265", "AV1", "VP9"},
    "F4V": {"H_264"},
    "GIF": {"GIF"},
    "M2TS": {"H_264", "H_265", "MPEG2", "PASSTHROUGH"},
    "M3U8": {"H_264", "H_265"},
    "MOV": {"H_264", "H_265", "MPEG2", "PRORES", "PASSTHROUGH"},
    "MP4": {"H_264", "H_265", "AV1", "VP9", "PASSTHROUGH"},
    "MPD": {"H_264", "H_265", "AV1", "VP9"},
    "MXF": {"MPEG2"},
    "RAW": {"FRAME_CAPTURE", "H_264", "H_265", "MPEG2"},
    "WEBM": {"VP8", "VP9", "AV1"},
    "OGG": set(),
}  # fmt: skip
_AUDIO_CODECS = {
    "CMFC": {"AAC", "AC3", "EAC3", "FLAC", "MP3"},
    "F4V": {"AAC", "MP3"},
    "GIF": set(),
    "M2TS": {"AAC", "AC3", "EAC3", "MP2", "MP3", "PASSTHROUGH"},
    "M3U8": {"AAC", "AC3", "EAC3", "MP3"},
    "MOV": {"AAC", "AIFF", "MP2", "MP3", "WAV", "AC3", "EAC3", "PASSTHROUGH"},
    "MP4": {"AAC", "AC3", "EAC3", "FLAC", "MP2", "MP3", "OPUS", "PASSTHROUGH"},
    "MPD": {"AAC", "AC3", "EAC3", "FLAC", "MP3"},
    "MXF": {"WAV"},
    "OGG": {"FLAC", "OPUS", "VORBIS"},
    "RAW": {"AAC", "AC3", "AIFF", "EAC3", "FLAC", "MP2", "MP3", "WAV"},
    "WEBM": {"OPUS", "VORBIS"},
}
_SIDECARS = {
    "CMFC": {"WEBVTT"},
    "M3U8": {"WEBVTT"},
    "MPD": {"TTML", "IMSC"},
    "RAW": {"SRT", "WEBVTT", "TTML", "IMSC", "SMI"},
}
_MANY_TRACKS = ("M2TS", "MOV", "MP4", "MXF", "OGG", "WEBM", "F4V")
_COLORS = {
    "BLACK": "000000",
    "BLUE": "0000FF",
    "GREEN": "00FF00",
    "RED": "FF0000",
    "WHITE": "FFFFFF",
    "YELLOW": "FFFF00",
}
_CONVERSIONS = {"NONE", "FORCE_601", "FORCE_709"}
_DENOISERS = {"SPATIAL", "TEMPORAL", "BILATERAL", "MEAN", "GAUSSIAN", "CONSERVE"}
# Numbers of tables, clocks and streams inside a transport stream; no player depends on them.
_TRANSPORT_STREAM_TABLES = (
    *("audioPids", "pmtPid", "videoPid", "privateMetadataPid", "timedMetadataPid", "scte35Pid", "pcrPid"),
    *("transportStreamId", "dataPTSControl", "maxPcrInterval", "ptsOffset", "ptsOffsetMode", "audioPtsOffsetDelta"),
    *("dvbSubPids", "dvbTeletextPid", "audioBufferModel", "bufferModel", "esRateInPes", "ebpPlacement"),
    *("ebpAudioInterval", "forceTsVideoEbpOrder", "minEbpInterval", "segmentationMarkers", "segmentationStyle"),
    *("preventBufferUnderflow", "rateMode", "nullPacketBitrate", "fragmentTime", "segmentationTime"),
)


def parse_output(node: Node, warnings: list[str]) -> Output:
    """Raises BadRequest, Unsupported."""
    if "preset" in node:
        raise Unsupported(node.path("preset"))
    settings = node.child("containerSettings")
    container = settings.text("container")
    if container not in _VIDEO_CODECS:
        raise Unsupported(f"{settings.path('container')} {container}")
    video = _video(node.child("videoDescription")) if "videoDescription" in node else None
    audio = [parse_audio(child) for child in node.children("audioDescriptions")]
    captions = tuple(_caption(child) for child in node.children("captionDescriptions"))
    warnings += [warning for _, found in audio for warning in found]
    tracks = tuple(parsed for parsed, _ in audio)
    _check_streams(node, container, video, tracks, captions)
    mp4, mov = settings.child("mp4Settings"), settings.child("movSettings")
    match_duration = _skip_containers(settings)
    return Output(
        container=container,
        name_modifier=node.text("nameModifier"),
        extension=node.text("extension") or None,
        video=video,
        audio=tracks,
        captions=captions,
        fast_start=container == "MOV" or mp4.text("moovPlacement", "PROGRESSIVE_DOWNLOAD") == "PROGRESSIVE_DOWNLOAD",
        match_video_duration=match_duration or mov.text("audioDuration") == "MATCH_VIDEO_DURATION",
        segment_modifier=node.child("outputSettings").child("hlsSettings").text("segmentModifier"),
        rendition=_rendition(node, settings),
    )


def _skip_containers(settings: Node) -> bool:
    """Read what all containers share: does the sound end with the picture?"""
    mov, mp4 = settings.child("movSettings"), settings.child("mp4Settings")
    mov.skip("clapAtom", "paddingControl", "reference", "cslgAtom", "mpeg2FourCCControl")
    mp4.skip("mp4MajorBrand", "cttsVersion")
    settings.child("f4vSettings").skip("moovPlacement")
    settings.child("mxfSettings").skip("afdSignaling")
    settings.child("mpdSettings").skip("captionContainerType", "accessibilityCaptionHints")
    settings.child("cmfcSettings").skip("manifestMetadataSignaling", "descriptiveVideoServiceFlag")
    for name in ("m3u8Settings", "m2tsSettings"):
        settings.child(name).skip(*_TRANSPORT_STREAM_TABLES)
    found = [
        settings.child(name).text("audioDuration") == "MATCH_VIDEO_DURATION"
        for name in ("mp4Settings", "m3u8Settings", "m2tsSettings", "mpdSettings", "cmfcSettings")
    ]
    return any(found)


def _rendition(node: Node, settings: Node) -> Rendition:
    hls, cmfc = node.child("outputSettings").child("hlsSettings"), settings.child("cmfcSettings")
    if hls.text("iFrameOnlyManifest") == "INCLUDE_AS_TS":
        raise Unsupported(f"{hls.path('iFrameOnlyManifest')} INCLUDE_AS_TS")
    hls.skip("descriptiveVideoServiceFlag")
    if cmfc.text("iFrameOnlyManifest") == "INCLUDE":
        raise Unsupported(f"{cmfc.path('iFrameOnlyManifest')} INCLUDE")
    source = hls if hls else cmfc
    sets = source.text("audioRenditionSets")
    return Rendition(
        audio_group=source.text("audioGroupId") or None,
        audio_sets=tuple(name.strip() for name in sets.split(",") if name.strip()),
        track_type=source.text("audioTrackType") or None,
        transport_stream=hls.text("audioOnlyContainer") == "M2TS",
        i_frames=source.text("iFrameOnlyManifest") == "INCLUDE",
    )


def _check_streams(
    node: Node, container: str, video: Video | None, audio: tuple[Audio, ...], captions: tuple[CaptionOutput, ...]
) -> None:
    if video is None and not audio and not captions:
        raise BadRequest(f"{node.pointer}: Should have a videoDescription or audioDescriptions")
    codec = _codec(video)
    if codec is not None and codec not in _VIDEO_CODECS[container]:
        raise Unsupported(f"{node.pointer}: video codec {codec} in the container {container}")
    for index, track in enumerate(audio):
        if track.codec not in _AUDIO_CODECS[container]:
            raise Unsupported(
                f"{node.pointer}/audioDescriptions/{index}: audio codec {track.codec} in the container {container}"
            )
    if codec == "FRAME_CAPTURE" and audio:
        raise BadRequest(f"{node.pointer}/audioDescriptions: A frame capture output can not have audio")
    if container == "RAW" and codec not in (None, "FRAME_CAPTURE") and audio:
        raise BadRequest(f"{node.pointer}/audioDescriptions: A RAW video output can not have audio")
    if len(audio) > 1 and not many_tracks(container, video):
        raise Unsupported(f"{node.pointer}/audioDescriptions with more than one track in a {container} output")
    _check_captions(node, container, video, audio, captions)


def many_tracks(container: str, video: Video | None) -> bool:
    """Can an output hold several tracks of sound? Transport streams of HLS can, beside a picture."""
    return container in _MANY_TRACKS or (container == "M3U8" and video is not None)


def _check_captions(
    node: Node, container: str, video: Video | None, audio: tuple[Audio, ...], captions: tuple[CaptionOutput, ...]
) -> None:
    burned = [caption for caption in captions if caption.format == "BURN_IN"]
    texts = [caption for caption in captions if caption.format != "BURN_IN"]
    pointer = f"{node.pointer}/captionDescriptions"
    if burned and (video is None or not isinstance(video.encoder, VideoEncoder)):
        raise BadRequest(f"{pointer}: Burn-in captions need a video that is encoded in the same output")
    if len(burned) > 1:
        raise BadRequest(f"{pointer}: Should have at most 1 burn-in captions")
    if not texts:
        return
    if texts[0].format not in _SIDECARS.get(container, set()):
        raise Unsupported(f"{pointer}: captions of type {texts[0].format} in the container {container}")
    if video is not None or audio or len(captions) > 1:
        raise BadRequest(f"{pointer}: Sidecar captions should be in an output of their own")


def _codec(video: Video | None) -> str | None:
    if video is None:
        return None
    if isinstance(video.encoder, FrameCapture):
        return "FRAME_CAPTURE"
    return video.encoder.codec if isinstance(video.encoder, VideoEncoder) else "PASSTHROUGH"


def _video(node: Node) -> Video:
    scaling = node.text("scalingBehavior", "DEFAULT")
    if scaling == "SMART_CROP":
        raise Unsupported(f"{node.path('scalingBehavior')} {scaling}")
    sharpness = node.integer("sharpness")
    preprocessors = node.child("videoPreprocessors")
    return Video(
        encoder=parse_video_codec(node.child("codecSettings")),
        width=_even(node, "width"),
        height=_even(node, "height"),
        scaling=scaling,
        sharpness=50 if sharpness is None else sharpness,
        crop=parse_rectangle(node.child("crop")),
        position=parse_rectangle(node.child("position")),
        deinterlace=_deinterlace(preprocessors.child("deinterlacer")),
        denoise=_denoise(preprocessors.child("noiseReducer")),
        color=_color(preprocessors.child("colorCorrector")),
        images=parse_images(preprocessors.child("imageInserter")),
        burnin=_timecode_burnin(preprocessors.child("timecodeBurnin")),
    )


def _even(node: Node, name: str) -> int | None:
    value = node.integer(name)
    if value is not None and value % 2:
        raise BadRequest(f"{node.path(name)}: Should be a multiple of 2")
    return value


def _deinterlace(node: Node) -> str | None:
    if not node.given:
        return None
    mode = node.text("mode", "DEINTERLACE")
    node.skip("algorithm")
    control = node.text("control", "NORMAL")
    return control if mode == "DEINTERLACE" else mode


def _denoise(node: Node) -> str | None:
    if not node.given:
        return None
    kind = node.text("filter")
    if not kind:  # VideoPreprocessor.noiseReducer of the service model
        raise BadRequest(f"{node.pointer}: filter is a required property")
    if kind not in _DENOISERS:
        raise Unsupported(f"{node.path('filter')} {kind}")
    return kind


def _color(node: Node) -> Color:
    to = node.text("colorSpaceConversion", "NONE")
    if to not in _CONVERSIONS:
        raise Unsupported(f"{node.path('colorSpaceConversion')} {to}")
    return Color(
        to=to,
        tone_mapper=node.text("hdrToSdrToneMapper", "PRESERVE_DETAILS"),
        brightness=node.integer("brightness") or 50,
        contrast=node.integer("contrast") or 50,
        saturation=node.integer("saturation") or 50,
        hue=node.integer("hue") or 0,
    )


def _timecode_burnin(node: Node) -> TimecodeBurnin | None:
    if not node.given:
        return None
    return TimecodeBurnin(
        font_size=node.integer("fontSize") or DEFAULT_BURNIN_FONT_SIZE,
        position=node.text("position", "TOP_CENTER"),
        prefix=node.text("prefix"),
    )


def _caption(node: Node) -> CaptionOutput:
    destination = node.child("destinationSettings")
    kind = destination.text("destinationType", "BURN_IN")
    if kind not in ("BURN_IN", *_SIDECARS["RAW"]):
        raise Unsupported(f"{destination.path('destinationType')} {kind}")
    for name in ("srt", "webvtt", "ttml", "imsc"):
        destination.child(f"{name}DestinationSettings").skip("stylePassthrough")  # no style is read
    language = node.text("customLanguageCode") or node.text("languageCode")
    return CaptionOutput(
        selector=node.text("captionSelectorName") or None,
        format=kind,
        language=language.lower() or None,
        description=node.text("languageDescription") or None,
        style=_burn_in_style(destination.child("burninDestinationSettings")),
    )


def _burn_in_style(node: Node) -> BurnInStyle:
    color = node.text("fontColor", "WHITE")
    hexadecimal = node.text("hexFontColor")
    opacity, outline = node.integer("fontOpacity"), node.integer("outlineSize")
    background, shadow = node.text("backgroundColor", "NONE"), node.text("shadowColor", "NONE")
    background_opacity = node.integer("backgroundOpacity")
    node.skip("teletextSpacing", "stylePassthrough", "applyFontColor", "fontScript", "fontResolution")
    return BurnInStyle(
        color=hexadecimal[:6] if color == "HEX" and hexadecimal else _COLORS.get(color, "FFFFFF"),
        opacity=255 if opacity is None else opacity,
        font_size=node.integer("fontSize") or None,
        outline_color=_COLORS.get(node.text("outlineColor", "BLACK"), "000000"),
        outline_size=2 if outline is None else outline,
        background_color=_COLORS.get(background),
        background_opacity=255 if background_opacity is None else background_opacity,
        shadow_color=_COLORS.get(shadow),
        left=node.text("alignment") == "LEFT",
        x=node.integer("xPosition"),
        y=node.integer("yPosition"),
    )
