"""CreateJob's settings → ConversionPlan. Pure; raises BadRequest or Unsupported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.honoured import settle_unread
from mediaconvert_standin.job_settings.inputs import parse_input, parse_timecode
from mediaconvert_standin.job_settings.locations import parse_s3_uri
from mediaconvert_standin.job_settings.modifiers import counters
from mediaconvert_standin.job_settings.outputs import parse_output
from mediaconvert_standin.job_settings.plan import (
    AdditionalManifest,
    AutomatedAbr,
    ConversionPlan,
    FileGroup,
    FragmentedGroup,
    Group,
    HlsGroup,
    Input,
    Output,
    Passthrough,
    S3Options,
    StaticKey,
    Timeline,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.job_settings.reading import Node

DEFAULT_HLS_SEGMENT_LENGTH = 10
DEFAULT_DASH_SEGMENT_LENGTH = 30
DEFAULT_CMAF_SEGMENT_LENGTH = 10
DEFAULT_FRAGMENT_LENGTH = 2
DEFAULT_DATE_TIME_PERIOD = 600  # HlsGroupSettings.programDateTimePeriod
MAX_ADDITIONAL_MANIFESTS = 10
KEY_BYTES = 16  # AES-128
DEFAULT_RENDITIONS = 15  # AutomatedAbrSettings of the service model, this and the next two
DEFAULT_MAX_ABR_BITRATE = 8_000_000
DEFAULT_MIN_ABR_BITRATE = 600_000

# Formats of caption files; captions inside the video are refused when an output asks for them.
_CAPTION_FILES = {"SRT", "WEBVTT", "TTML", "SMPTE_TT", "SMI", "SCC", "STL"}


def parse_settings(settings: dict[str, Any]) -> ConversionPlan:
    """Parse settings that already fit the model and the rules between them."""
    root = Node(settings)
    warnings: list[str] = []
    inputs = tuple(parse_input(node) for node in root.children("inputs"))
    groups = tuple(_group(node, warnings) for node in root.children("outputGroups"))
    followed = (root.integer("followSource") or 1) - 1
    if followed >= len(inputs):
        raise BadRequest(f"/followSource: Should be less than or equal to {len(inputs)}")
    timeline = _job_timeline(root.child("timecodeConfig"))
    _check_captions(inputs, groups)
    _check_passthrough(inputs, groups)
    _check_all_automated(groups)
    warnings += settle_unread(root)
    _check_names(groups)
    return ConversionPlan(inputs, groups, tuple(warnings), followed, timeline)


def _job_timeline(node: Node) -> Timeline:
    node.skip("anchor")
    source, start = node.text("source", "ZEROBASED"), parse_timecode(node, "start")
    if source == "SPECIFIEDSTART" and start is None:
        raise BadRequest("/timecodeConfig: start is a required property")
    return Timeline(source, start if source == "SPECIFIEDSTART" else None)


def _group(node: Node, warnings: list[str]) -> Group:
    node.skip("name", "customName")
    settings = node.child("outputGroupSettings")
    outputs = tuple(parse_output(child, warnings) for child in node.children("outputs"))
    abr = _automated_abr(node)
    group_type = settings.text("type")
    if group_type != "FILE_GROUP_SETTINGS":
        outputs = tuple(
            _without_extension(output, f"{node.path('outputs')}/{index}", warnings)
            for index, output in enumerate(outputs)
        )
    if group_type != "FILE_GROUP_SETTINGS" and abr is None:
        outputs = tuple(_named(output, number) for number, output in enumerate(outputs, start=1))
    if group_type == "FILE_GROUP_SETTINGS":
        return _file_group(settings.child("fileGroupSettings"), outputs)
    if group_type == "HLS_GROUP_SETTINGS":
        outputs = tuple(_in_hls(output, f"{node.path('outputs')}/{index}") for index, output in enumerate(outputs))
        return _hls_group(settings.child("hlsGroupSettings"), outputs, abr)
    if group_type == "DASH_ISO_GROUP_SETTINGS":
        return _dash_group(settings.child("dashIsoGroupSettings"), outputs, abr)
    if group_type == "CMAF_GROUP_SETTINGS":
        _check_single_media(node, outputs)
        return _cmaf_group(settings.child("cmafGroupSettings"), outputs, abr)
    raise Unsupported(
        f"{settings.path('type')} {group_type}; use FILE_GROUP_SETTINGS, HLS_GROUP_SETTINGS, "
        "DASH_ISO_GROUP_SETTINGS or CMAF_GROUP_SETTINGS"
    )


def _without_extension(output: Output, pointer: str, warnings: list[str]) -> Output:
    """Output.extension of the service model is for File groups: manifests and segments have extensions of their own."""
    if output.extension is None:
        return output
    warnings.append(f"{pointer}/extension: {output.extension} has no effect outside a File output group")
    return replace(output, extension=None)


def _in_hls(output: Output, pointer: str) -> Output:
    """RAW is another word for an output of captions or sound in an HLS group."""
    if output.container != "RAW":
        return output
    if output.video is not None:
        raise Unsupported(f"{pointer}/containerSettings/container RAW for video in an HLS group; use M3U8")
    return replace(output, container="M3U8")


def _check_single_media(node: Node, outputs: tuple[Output, ...]) -> None:
    """OutputGroupSettings.cmafGroupSettings of the service model."""
    for index, output in enumerate(outputs):
        if output.video is not None and output.audio:
            raise BadRequest(
                f"{node.path('outputs')}/{index}: Each output in a CMAF output group may only contain a single video, "
                "audio, or caption output. Put the audio into an output of its own and resubmit your job."
            )


def _named(output: Output, number: int) -> Output:
    """The files of an ABR output need a name of their own beside the group's manifest."""
    return output if output.name_modifier else replace(output, name_modifier=f"_{number}")


def _file_group(settings: Node, outputs: tuple[Output, ...]) -> FileGroup:
    return FileGroup(_destination(settings), _s3_options(settings), outputs)


def _hls_group(settings: Node, outputs: tuple[Output, ...], abr: AutomatedAbr | None) -> HlsGroup:
    settings.skip("timedMetadataId3Frame", "timedMetadataId3Period", "audioOnlyHeader", "captionLanguageMappings")
    key = _static_key(settings.child("encryption"))
    if key is not None and any(output.rendition.i_frames for output in outputs):
        raise Unsupported(f"{settings.path('encryption')} with I-frame playlists, whose ranges could not be decrypted")
    date_time = settings.text("programDateTime") == "INCLUDE"
    period = settings.integer("programDateTimePeriod")
    if settings.text("segmentsPerSubdirectory"):
        raise Unsupported(settings.path("segmentsPerSubdirectory"))
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
        single_file=settings.text("segmentControl") == "SINGLE_FILE",
        folder_per_stream=settings.text("directoryStructure") == "SUBDIRECTORY_PER_STREAM",
        captions_match_video=settings.text("captionSegmentLengthControl") == "MATCH_VIDEO",
        date_time_period=(DEFAULT_DATE_TIME_PERIOD if period is None else period) if date_time else None,
        client_cache=settings.text("clientCache", "ENABLED") == "ENABLED",
        manifests=_additional_manifests(settings, outputs),
        abr=abr,
        key=key,
    )


def _dash_group(settings: Node, outputs: tuple[Output, ...], abr: AutomatedAbr | None) -> FragmentedGroup:
    group = FragmentedGroup(
        kind="DASH",
        **_fragmented(settings, outputs, DEFAULT_DASH_SEGMENT_LENGTH),
        hbbtv=settings.text("hbbtvCompliance") == "HBBTV_1_5",
        abr=abr,
    )
    _check_counters(settings, group)
    return group


def _check_counters(settings: Node, group: FragmentedGroup) -> None:
    """Output.nameModifier of the service model; ISO/IEC 23009-1, 5.3.9.4.4: $Time$ and $Number$ exclude each other."""
    used = [counters(output.name_modifier) for output in group.outputs if output.sidecar is None]
    if len(set(used)) > 1 or len(set().union(*used)) > 1:
        pointer = settings.pointer.removesuffix("/outputGroupSettings/dashIsoGroupSettings")
        raise BadRequest(
            f"{pointer}/outputs: The format identifiers $Number$ and $Time$ should be used in the same way in the "
            "nameModifier of all outputs, and not both. Adjust the name modifiers and resubmit your job."
        )
    if group.single_file and any(used):
        raise BadRequest(f"{settings.path('segmentControl')}: Must be SEGMENTED_FILES")


def _cmaf_group(settings: Node, outputs: tuple[Output, ...], abr: AutomatedAbr | None) -> FragmentedGroup:
    return FragmentedGroup(
        kind="CMAF",
        **_fragmented(settings, outputs, DEFAULT_CMAF_SEGMENT_LENGTH),
        write_dash=settings.text("writeDashManifest", "ENABLED") == "ENABLED",
        write_hls=settings.text("writeHlsManifest", "ENABLED") == "ENABLED",
        integer_durations=settings.text("manifestDurationFormat") == "INTEGER",
        rfc_4281=settings.text("codecSpecification", "RFC_4281") == "RFC_4281",
        legacy_target_duration=settings.text("targetDurationCompatibilityMode", "LEGACY") == "LEGACY",
        resolution_in_manifest=settings.text("streamInfResolution", "INCLUDE") == "INCLUDE",
        gzip_manifests=settings.text("manifestCompression") == "GZIP",
        client_cache=settings.text("clientCache", "ENABLED") == "ENABLED",
        abr=abr,
    )


def _fragmented(settings: Node, outputs: tuple[Output, ...], segment_length: int) -> dict[str, Any]:
    """Members that DASH and CMAF groups have in common."""
    _check_encryption(settings)
    single_file = settings.text("segmentControl", "SINGLE_FILE") == "SINGLE_FILE"
    on_demand = settings.text("mpdProfile") == "ON_DEMAND_PROFILE"
    if on_demand and not single_file:
        raise BadRequest(f"{settings.path('segmentControl')}: Must be SINGLE_FILE")
    control = settings.text("segmentLengthControl", "GOP_MULTIPLE")
    if control == "MATCH":
        raise Unsupported(f"{settings.path('segmentLengthControl')} {control}")
    # How exact the manifest's timeline and the samples' offsets are is not a choice here: both are.
    settings.skip("ptsOffsetHandlingForBFrames", "videoCompositionOffsets", "dashManifestStyle")
    settings.skip("audioChannelConfigSchemeIdUri")
    return {
        "destination": _destination(settings),
        "s3": _s3_options(settings),
        "segment_length": settings.integer("segmentLength") or segment_length,
        "fragment_length": settings.integer("fragmentLength") or DEFAULT_FRAGMENT_LENGTH,
        "exact_segments": control == "EXACT",
        "min_final_segment_length": settings.number("minFinalSegmentLength") or 0.0,
        "single_file": single_file,
        "min_buffer": settings.integer("minBufferTime"),
        "on_demand_profile": on_demand,
        "segment_timeline": settings.text("writeSegmentTimelineInRepresentation") == "ENABLED",
        "highest_bandwidth": settings.text("mpdManifestBandwidthType") == "MAX",
        "base_url": settings.text("baseUrl"),
        "outputs": outputs,
        "manifests": _additional_manifests(settings, outputs),
    }


def _static_key(node: Node) -> StaticKey | None:
    """HLS encryption with a key that the job brings. Raises BadRequest, Unsupported."""
    if not node.given:
        return None
    kind, method = node.text("type"), node.text("encryptionMethod")
    if kind != "STATIC_KEY" or "spekeKeyProvider" in node:
        raise Unsupported(f"{node.path('type')} {kind}; use STATIC_KEY")
    if method != "AES128":
        raise Unsupported(f"{node.path('encryptionMethod')} {method}; use AES128")
    provider = node.child("staticKeyProvider")
    value, url = provider.text("staticKeyValue"), provider.text("url")
    for name, found in (("staticKeyValue", value), ("url", url)):
        if not found:
            raise BadRequest(f"{provider.pointer}: {name} is a required property")
    vector = node.text("constantInitializationVector")
    return StaticKey(
        value=_sixteen_bytes(value, provider.path("staticKeyValue")),
        url=url,
        vector=_sixteen_bytes(vector, node.path("constantInitializationVector")) if vector else None,
        vector_in_manifest=node.text("initializationVectorInManifest") == "INCLUDE",
        key_format=provider.text("keyFormat") or None,
        key_format_versions=provider.text("keyFormatVersions") or None,
    )


def _sixteen_bytes(text: str, pointer: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != KEY_BYTES:
        raise BadRequest(f"{pointer}: Should be {2 * KEY_BYTES} hexadecimal characters")
    return value


def _check_encryption(settings: Node) -> None:
    if settings.child("encryption").given:
        raise Unsupported(settings.path("encryption"))


def _additional_manifests(settings: Node, outputs: tuple[Output, ...]) -> tuple[AdditionalManifest, ...]:
    manifests = [
        AdditionalManifest(node.text("manifestNameModifier"), node.texts("selectedOutputs"))
        for node in settings.children("additionalManifests")
    ]
    pointer = settings.path("additionalManifests")
    if len(manifests) > MAX_ADDITIONAL_MANIFESTS:
        raise BadRequest(f"{pointer}: Should have at most {MAX_ADDITIONAL_MANIFESTS} items")
    modifiers = [manifest.name_modifier for manifest in manifests]
    if "" in modifiers or len(set(modifiers)) < len(modifiers):
        raise BadRequest(f"{pointer}: Each should have a manifestNameModifier of its own")
    for index, manifest in enumerate(manifests):
        _check_selected(manifest, outputs, f"{pointer}/{index}")
    return tuple(manifests)


def _check_selected(manifest: AdditionalManifest, outputs: tuple[Output, ...], pointer: str) -> None:
    """A manifest lists outputs by their name modifiers, and something to play among them."""
    known = {output.name_modifier: output for output in outputs}
    if manifest.name_modifier in known:
        raise BadRequest(f"{pointer}/manifestNameModifier: Should differ from the nameModifier of every output")
    for index, name in enumerate(manifest.outputs):
        if name not in known:
            raise BadRequest(f"{pointer}/selectedOutputs/{index}: No output of the group has the nameModifier {name}")
    if all(known[name].sidecar is not None for name in manifest.outputs):
        raise BadRequest(f"{pointer}/selectedOutputs: Should have at least 1 items with video or audio")


def _automated_abr(node: Node) -> AutomatedAbr | None:
    if "automatedEncodingSettings" not in node:
        return None
    settings = node.child("automatedEncodingSettings").child("abrSettings")
    rules = settings.children("rules")
    sizes: dict[str, list[tuple[int, int]]] = {"forceIncludeRenditions": [], "allowedRenditions": []}
    required: list[tuple[int, int]] = []
    least: dict[str, tuple[int, int] | None] = {"minTopRenditionSize": None, "minBottomRenditionSize": None}
    for rule in rules:
        rule.skip("type")
        for name, found in sizes.items():
            for child in rule.children(name):
                found.append(_size(child))
                if child.text("required") == "ENABLED":
                    required.append(found[-1])
        for name in least:
            child = rule.child(name)
            least[name] = _size(child) if child else least[name]
    renditions = settings.integer("maxRenditions")
    _check_abr_rules(settings, renditions, sizes)
    return AutomatedAbr(
        max_renditions=renditions or DEFAULT_RENDITIONS,
        max_quality=settings.number("maxQualityLevel"),
        max_bitrate=settings.integer("maxAbrBitrate") or DEFAULT_MAX_ABR_BITRATE,
        min_bitrate=settings.integer("minAbrBitrate") or DEFAULT_MIN_ABR_BITRATE,
        min_top=least["minTopRenditionSize"],
        min_bottom=least["minBottomRenditionSize"],
        forced=(*sizes["forceIncludeRenditions"], *required),
        allowed=tuple(sizes["allowedRenditions"]),
    )


def _check_abr_rules(settings: Node, renditions: int | None, sizes: dict[str, list[tuple[int, int]]]) -> None:
    """AutomatedAbrRule.type of the service model."""
    pointer = settings.path("rules")
    if all(sizes.values()):
        raise BadRequest(f"{pointer}: Specify either forceIncludeRenditions or allowedRenditions, but not both")
    if len(sizes["forceIncludeRenditions"]) > (renditions or DEFAULT_RENDITIONS):
        raise BadRequest(f"{pointer}: Should force at most as many renditions as maxRenditions")
    if renditions is not None and 0 < len(sizes["allowedRenditions"]) < renditions:
        raise BadRequest(f"{pointer}: Should allow at least as many renditions as maxRenditions")


def _size(node: Node) -> tuple[int, int]:
    width, height = node.integer("width"), node.integer("height")
    if not width or not height:
        raise BadRequest(f"{node.pointer}: width and height are required properties")
    return width, height


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


def _check_captions(inputs: tuple[Input, ...], groups: tuple[Group, ...]) -> None:
    asked = {caption.selector for group in groups for output in group.outputs for caption in output.captions}
    for index, source in enumerate(inputs):
        for name, found in source.caption_sources.items():
            if (name not in asked and None not in asked) or found.kind == "NULL_SOURCE":
                continue
            pointer = f"/inputs/{index}/captionSelectors/{name}/sourceSettings"
            if found.kind not in _CAPTION_FILES:
                raise Unsupported(f"{pointer}/sourceType {found.kind}; use a caption file")
            if found.location is None:
                raise BadRequest(f"{pointer}/fileSourceSettings: sourceFile is a required property")
    known = {name for source in inputs for name in source.caption_sources}
    for missing in asked - known - {None}:
        raise BadRequest(f"/inputs/0/captionSelectors: No caption selector has the name {missing}")
    if None in asked and not known:
        raise BadRequest("/inputs/0: captionSelectors is a required property")


def _check_passthrough(inputs: tuple[Input, ...], groups: tuple[Group, ...]) -> None:
    outputs = [output for group in groups for output in group.outputs]
    copied = [output for output in outputs if output.video and isinstance(output.video.encoder, Passthrough)]
    audio = any(track.codec == "PASSTHROUGH" for output in outputs for track in output.audio)
    if (copied or audio) and (len(inputs) > 1 or any(source.clips for source in inputs)):
        raise Unsupported("/inputs: passthrough of several inputs or of clips")
    if any(output.video != Video(Passthrough()) for output in copied) or (copied and inputs[0].rotate):
        raise Unsupported("/outputGroups: passthrough video that is scaled, cropped, rotated or otherwise changed")


def _check_names(groups: tuple[Group, ...]) -> None:
    seen: set[tuple[str, ...]] = set()
    for group_index, group in enumerate(groups):
        automated = not isinstance(group, FileGroup) and group.abr is not None
        for index, output in enumerate(group.outputs):
            if automated and output.video is not None:
                _check_automated(output, f"/outputGroups/{group_index}/outputs/{index}")
            name = (group.destination, output.name_modifier, _kind(output), output.extension or "")
            if name in seen and not automated:  # the rungs of a ladder, and the sound beside them, get numbers
                raise BadRequest(
                    f"/outputGroups/{group_index}/outputs/{index}: nameModifier is a required property "
                    "that should differ between outputs with the same destination"
                )
            seen.add(name)


def _check_all_automated(groups: tuple[Group, ...]) -> None:
    """Of a job's ABR groups all are automated or none."""
    segmented = [(index, group) for index, group in enumerate(groups) if not isinstance(group, FileGroup)]
    if all(group.abr is None for _, group in segmented):
        return
    for index, group in segmented:
        if group.abr is None:
            raise BadRequest(
                f"/outputGroups/{index}: automatedEncodingSettings is a required property, as another group of "
                "the job has them. Make all ABR groups automated or none, and resubmit your job."
            )


def _check_automated(output: Output, pointer: str) -> None:
    encoder = output.video.encoder if output.video else None
    if not isinstance(encoder, VideoEncoder) or encoder.codec not in ("H_264", "H_265"):
        raise BadRequest(f"{pointer}/videoDescription/codecSettings/codec: Must be H_264")
    if encoder.rate_control.mode != "QVBR":
        raise BadRequest(f"{pointer}/videoDescription/codecSettings: rateControlMode must be QVBR for automated ABR")
    if encoder.tuning != "MULTI_PASS_HQ":
        name = "h264Settings" if encoder.codec == "H_264" else "h265Settings"
        raise BadRequest(f"{pointer}/videoDescription/codecSettings/{name}/qualityTuningLevel: Must be MULTI_PASS_HQ")


def _kind(output: Output) -> str:
    """What tells the files of two outputs with one name apart: the container, or for RAW what is in it."""
    if output.container != "RAW":
        return output.container
    if output.sidecar is not None:
        return output.sidecar.format
    return output.audio[0].codec if output.audio else "VIDEO"
