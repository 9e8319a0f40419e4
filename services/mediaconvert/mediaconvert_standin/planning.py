"""CreateJob's settings → ConversionPlan. Pure; raises BadRequest or Unsupported."""

from __future__ import annotations

import re
from typing import Any

from mediaconvert_standin.encoders import parse_audio, parse_video_codec
from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.honoured import settle_unread
from mediaconvert_standin.plan import (
    AudioSelector,
    ConversionPlan,
    FileGroup,
    FrameCapture,
    HlsGroup,
    Input,
    Output,
    Rectangle,
    S3Location,
    S3Options,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.reading import Node

DEFAULT_HLS_SEGMENT_LENGTH = 10
MAX_KEY_BYTES = 1024  # S3 object key

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FILE_CONTAINERS = {"MP4", "MOV", "RAW"}
_SELECTOR_TYPES = {"", "TRACK", "STREAM", "LANGUAGE_CODE"}


def parse_settings(settings: dict[str, Any]) -> ConversionPlan:
    """Parse settings that already fit the model and the rules between them."""
    root = Node(settings)
    warnings: list[str] = []
    source = _input(root)
    groups = tuple(_group(node, warnings) for node in root.children("outputGroups"))
    root.child("timecodeConfig").skip("source", "anchor", "start", "timestampOffset")
    warnings += settle_unread(root)
    _check_names(groups)
    return ConversionPlan(source, groups, tuple(warnings))


def parse_s3_uri(uri: str, pointer: str) -> S3Location:
    """Raises BadRequest. Keys are literal: nothing is decoded or normalised."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not _BUCKET.fullmatch(bucket):
        raise BadRequest(f"{pointer}: Should be an S3 URI, s3://bucket/key")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"{pointer}: The key should have at most {MAX_KEY_BYTES} bytes")
    return S3Location(bucket, key)


def _input(root: Node) -> Input:
    inputs = root.children("inputs")
    if len(inputs) > 1:
        raise Unsupported("/inputs with more than one input")
    node = inputs[0]
    uri = node.text("fileInput")
    if not uri:
        raise BadRequest("/inputs/0: fileInput is a required property")
    if not uri.startswith("s3://"):
        raise Unsupported("/inputs/0/fileInput over http; use s3://")
    location = parse_s3_uri(uri, "/inputs/0/fileInput")
    if not location.key:
        raise BadRequest("/inputs/0/fileInput: Should name an object, s3://bucket/key")
    node.skip("timecodeSource", "timecodeStart", "captionSelectors")  # without effect when nothing uses them
    video_selector = node.child("videoSelector")
    rotate = video_selector.text("rotate", "DEGREE_0")
    return Input(
        source=location,
        rotate=None if rotate == "DEGREE_0" else rotate,
        audio_selectors={name: _audio_selector(child) for name, child in node.named("audioSelectors").items()},
        crop=_rectangle(node.child("crop")),
    )


def _audio_selector(node: Node) -> AudioSelector:
    selector_type = node.text("selectorType")
    if selector_type not in _SELECTOR_TYPES:
        raise Unsupported(f"{node.path('selectorType')} {selector_type}")
    tracks, streams = node.integers("tracks"), node.integers("streams")
    if len(tracks) > 1 or len(streams) > 1:
        raise Unsupported(f"{node.path('tracks')} with more than one track")
    language = node.text("customLanguageCode") or node.text("languageCode")
    return AudioSelector(
        default=node.text("defaultSelection") == "DEFAULT",
        tracks=tracks if selector_type in ("", "TRACK") else (),
        streams=streams if selector_type == "STREAM" else (),
        language=language.lower() or None if selector_type in ("", "LANGUAGE_CODE") else None,
        offset_ms=node.integer("offset") or 0,
    )


def _rectangle(node: Node) -> Rectangle | None:
    if not node:
        return None
    x, y = node.integer("x") or 0, node.integer("y") or 0
    width, height = node.integer("width"), node.integer("height")
    if not width or not height:
        raise BadRequest(f"{node.pointer}: width and height are required properties")
    return Rectangle(x, y, width, height)


def _group(node: Node, warnings: list[str]) -> FileGroup | HlsGroup:
    node.skip("name", "customName")
    settings = node.child("outputGroupSettings")
    group_type = settings.text("type")
    if group_type == "FILE_GROUP_SETTINGS":
        outputs = tuple(_output(child, warnings, _FILE_CONTAINERS) for child in node.children("outputs"))
        return _file_group(settings.child("fileGroupSettings"), outputs)
    if group_type == "HLS_GROUP_SETTINGS":
        outputs = tuple(_output(child, warnings, {"M3U8"}) for child in node.children("outputs"))
        return _hls_group(settings.child("hlsGroupSettings"), outputs, node.path("outputs"))
    raise Unsupported(f"{settings.path('type')} {group_type}; use FILE_GROUP_SETTINGS or HLS_GROUP_SETTINGS")


def _file_group(settings: Node, outputs: tuple[Output, ...]) -> FileGroup:
    return FileGroup(_destination(settings), _s3_options(settings), outputs)


def _hls_group(settings: Node, outputs: tuple[Output, ...], pointer: str) -> HlsGroup:
    for index, output in enumerate(outputs):
        if output.video is None:
            raise Unsupported(f"{pointer}/{index} without videoDescription (audio-only HLS output)")
        if not isinstance(output.video.encoder, VideoEncoder) or output.video.encoder.codec != "H_264":
            raise Unsupported(f"{pointer}/{index}: only H_264 in an HLS group")
    for name, only in (("segmentControl", "SEGMENTED_FILES"), ("directoryStructure", "SINGLE_DIRECTORY")):
        value = settings.text(name, only)
        if value != only:
            raise Unsupported(f"{settings.path(name)} {value}")
    settings.skip("timedMetadataId3Frame", "timedMetadataId3Period", "programDateTimePeriod")
    return HlsGroup(
        destination=_destination(settings),
        s3=_s3_options(settings),
        outputs=outputs,
        segment_length=settings.integer("segmentLength") or DEFAULT_HLS_SEGMENT_LENGTH,
        exact_segments=settings.text("segmentLengthControl") == "EXACT",
        min_final_segment_length=settings.number("minFinalSegmentLength") or 0.0,
        integer_durations=settings.text("manifestDurationFormat") == "INTEGER",
        rfc_4281=settings.text("codecSpecification", "RFC_4281") == "RFC_4281",
        legacy_target_duration=settings.text("targetDurationCompatibilityMode", "LEGACY") == "LEGACY",
        resolution_in_manifest=settings.text("streamInfResolution", "INCLUDE") == "INCLUDE",
        write_manifests=settings.text("outputSelection") != "SEGMENTS_ONLY",
        gzip_manifests=settings.text("manifestCompression") == "GZIP",
    )


def _destination(settings: Node) -> str:
    destination = settings.text("destination")
    if not destination:
        raise BadRequest(f"{settings.pointer}: destination is a required property")
    parse_s3_uri(destination, settings.path("destination"))
    return destination


def _s3_options(settings: Node) -> S3Options:
    s3 = settings.child("destinationSettings").child("s3Settings")
    acl = s3.child("accessControl").text("cannedAcl")
    encryption = s3.child("encryption")
    kind = encryption.text("encryptionType")
    encryption.skip("kmsEncryptionContext")
    return S3Options(
        acl=acl.lower().replace("_", "-") or None,
        storage_class=s3.text("storageClass") or None,
        encryption={"SERVER_SIDE_ENCRYPTION_S3": "AES256", "SERVER_SIDE_ENCRYPTION_KMS": "aws:kms"}.get(kind),
        kms_key=encryption.text("kmsKeyArn") or None,
    )


def _output(node: Node, warnings: list[str], containers: set[str]) -> Output:
    if "preset" in node:
        raise Unsupported(f"{node.path('preset')}")
    container_settings = node.child("containerSettings")
    container = container_settings.text("container")
    if container not in containers:
        raise Unsupported(f"{container_settings.path('container')} {container}")
    video = _video(node.child("videoDescription")) if "videoDescription" in node else None
    audio = [parse_audio(child) for child in node.children("audioDescriptions")]
    _check_streams(node, container, video, len(audio))
    warnings += [warning for _, found in audio for warning in found]
    mp4 = container_settings.child("mp4Settings")
    mov = container_settings.child("movSettings")
    _skip_transport_stream_tables(container_settings.child("m3u8Settings"))
    hls = node.child("outputSettings").child("hlsSettings")
    hls.skip("audioGroupId", "audioRenditionSets", "audioOnlyContainer")
    mov.skip("clapAtom", "paddingControl", "reference", "cslgAtom", "mpeg2FourCCControl")
    mp4.skip("mp4MajorBrand", "cttsVersion")
    return Output(
        container=container,
        name_modifier=node.text("nameModifier"),
        extension=node.text("extension") or None,
        video=video,
        audio=tuple(parsed for parsed, _ in audio),
        fast_start=mp4.text("moovPlacement", "PROGRESSIVE_DOWNLOAD") == "PROGRESSIVE_DOWNLOAD",
        segment_modifier=hls.text("segmentModifier"),
    )


def _skip_transport_stream_tables(m3u8: Node) -> None:
    # Numbers of tables and streams inside a segment; no player depends on them.
    m3u8.skip("audioPids", "pmtPid", "videoPid", "privateMetadataPid", "timedMetadataPid", "scte35Pid", "pcrPid")
    m3u8.skip("transportStreamId", "audioDuration", "dataPTSControl", "maxPcrInterval", "ptsOffset", "ptsOffsetMode")


def _check_streams(node: Node, container: str, video: Video | None, audio_tracks: int) -> None:
    capture = video is not None and isinstance(video.encoder, FrameCapture)
    if (container == "RAW") != capture:
        raise Unsupported(f"{node.pointer}: container {container} with this codec; RAW goes with FRAME_CAPTURE only")
    if capture and audio_tracks:
        raise BadRequest(f"{node.pointer}/audioDescriptions: A frame capture output can not have audio")
    if video is None and not audio_tracks:
        raise BadRequest(f"{node.pointer}: Should have a videoDescription or audioDescriptions")
    if container == "M3U8" and audio_tracks > 1:
        raise Unsupported(f"{node.pointer}/audioDescriptions with more than one track in an HLS output")


def _video(node: Node) -> Video:
    scaling = node.text("scalingBehavior", "DEFAULT")
    if scaling == "SMART_CROP":
        raise Unsupported(f"{node.path('scalingBehavior')} {scaling}")
    sharpness = node.integer("sharpness")
    return Video(
        encoder=parse_video_codec(node.child("codecSettings")),
        width=_even(node, "width"),
        height=_even(node, "height"),
        scaling=scaling,
        sharpness=50 if sharpness is None else sharpness,
        crop=_rectangle(node.child("crop")),
        deinterlace=_deinterlace(node.child("videoPreprocessors").child("deinterlacer")),
    )


def _even(node: Node, name: str) -> int | None:
    value = node.integer(name)
    if value is not None and value % 2:
        raise BadRequest(f"{node.path(name)}: Should be a multiple of 2")
    return value


def _deinterlace(node: Node) -> str | None:
    if not node:
        return None
    mode = node.text("mode", "DEINTERLACE")
    if mode != "DEINTERLACE":
        raise Unsupported(f"{node.path('mode')} {mode}")
    node.skip("algorithm")
    return node.text("control", "NORMAL")


def _check_names(groups: tuple[FileGroup | HlsGroup, ...]) -> None:
    seen: set[tuple[str, ...]] = set()
    for group_index, group in enumerate(groups):
        for index, output in enumerate(group.outputs):
            name = (group.destination, output.name_modifier, output.container, output.extension or "")
            if name in seen:
                raise BadRequest(
                    f"/outputGroups/{group_index}/outputs/{index}: nameModifier is a required property "
                    "that should differ between outputs with the same destination"
                )
            seen.add(name)
