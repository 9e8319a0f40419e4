"""Media as the service reports it: results of Probe and the INPUT_INFORMATION event."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from mediaconvert_standin.errors import InvalidMedia
from mediaconvert_standin.inspection.media import AudioTrack, DataTrack, Media, VideoTrack
from mediaconvert_standin.inspection.rates import output_rate
from mediaconvert_standin.job_settings.plan import Input
from mediaconvert_standin.storage.sources import SourceObject

Json = dict[str, Any]

# H.273 numbers → tokens of the service's enums.
_PRIMARIES = {
    1: "ITU_709",
    2: "UNSPECIFIED",
    4: "ITU_470M",
    5: "ITU_470BG",
    6: "SMPTE_170M",
    7: "SMPTE_240M",
    8: "GENERIC_FILM",
    9: "ITU_2020",
    10: "SMPTE_428_1",
    11: "SMPTE_431_2",
    12: "SMPTE_EG_432_1",
    22: "EBU_3213_E",
}
_TRANSFERS = {
    1: "ITU_709",
    2: "UNSPECIFIED",
    4: "ITU_470M",
    5: "ITU_470BG",
    6: "SMPTE_170M",
    7: "SMPTE_240M",
    8: "LINEAR",
    9: "LOG10_2",
    10: "LOC10_2_5",
    11: "IEC_61966_2_4",
    12: "ITU_1361",
    13: "IEC_61966_2_1",
    14: "ITU_2020_10bit",
    15: "ITU_2020_12bit",
    16: "SMPTE_2084",
    17: "SMPTE_428_1",
    18: "ARIB_B67",
}
_MATRICES = {
    0: "RGB",
    1: "ITU_709",
    2: "UNSPECIFIED",
    4: "FCC",
    5: "ITU_470BG",
    6: "SMPTE_170M",
    7: "SMPTE_240M",
    8: "YCgCo",
    9: "ITU_2020_NCL",
    10: "ITU_2020_CL",
    11: "SMPTE_2085",
    12: "CD_NCL",
    13: "CD_CL",
    14: "ITU_2100ICtCp",
}
_EVENT_CODECS = {"AVC": "H_264", "HEVC": "H_265"}
_LOSSY_BIT_DEPTH = 16  # nominal; only PCM and FLAC have a real one


def probe_result(media: Media | None, found: SourceObject) -> Json:
    """One ``ProbeResult``; a file whose format is unknown has metadata only."""
    metadata = {
        "eTag": found.etag.strip('"') or None,
        "fileSize": found.size,
        "lastModified": found.last_modified,
        "mimeType": found.mime_type or None,
    }
    if media is None:
        return {"container": {"tracks": []}, "metadata": metadata, "trackMappings": []}
    tracks = [*map(_video_track, media.video), *map(_audio_track, media.audio), *map(_data_track, media.data)]
    container = {
        "format": media.format or None,
        "duration": media.duration,
        "bitRate": media.bit_rate,
        "tracks": sorted(tracks, key=lambda track: int(track["index"])),
    }
    mapping = {
        "videoTrackIndexes": [track.index + 1 for track in media.video],
        "audioTrackIndexes": [track.index + 1 for track in media.audio],
        "dataTrackIndexes": [track.index + 1 for track in media.data],
    }
    return {"container": container, "metadata": metadata, "trackMappings": [mapping]}


def _video_track(track: VideoTrack) -> Json:
    primaries, transfer, matrix, _ = track.color
    display = Fraction(track.width, max(1, track.height)) * track.sample_aspect
    properties = {
        "width": track.width,
        "height": track.height,
        "bitDepth": track.bit_depth,
        "bitRate": track.bit_rate,
        "frameRate": _ratio(track.frame_rate) if track.frame_rate else None,
        "rotation": track.rotation or None,
        "sampleAspectRatio": _ratio(track.sample_aspect),
        "displayAspectRatio": _ratio(display),
        "colorPrimaries": _PRIMARIES.get(primaries, "UNSPECIFIED"),
        "transferCharacteristics": _TRANSFERS.get(transfer, "UNSPECIFIED"),
        "matrixCoefficients": _MATRICES.get(matrix, "UNSPECIFIED"),
        "codecMetadata": _codec_metadata(track),
    }
    return {
        "index": track.index + 1,
        "trackType": "video",
        "codec": track.token or "UNKNOWN",
        "duration": track.duration,
        "videoProperties": properties,
    }


def _codec_metadata(track: VideoTrack) -> Json:
    primaries, transfer, matrix, _ = track.color
    order = "TopFieldFirst" if track.top_field_first else "BottomFieldFirst"
    return {
        "bitDepth": track.bit_depth,
        "chromaSubsampling": track.chroma or None,
        "codedFrameRate": _ratio(track.frame_rate) if track.frame_rate else None,
        "colorPrimaries": _PRIMARIES.get(primaries, "UNSPECIFIED"),
        "transferCharacteristics": _TRANSFERS.get(transfer, "UNSPECIFIED"),
        "matrixCoefficients": _MATRICES.get(matrix, "UNSPECIFIED"),
        "width": track.width,
        "height": track.height,
        "profile": track.profile or None,
        "level": str(track.level) if track.level > 0 else None,
        "scanType": "Interlaced" if track.interlaced else "Progressive",
        "fieldOrder": order if track.interlaced else None,
    }


def _audio_track(track: AudioTrack) -> Json:
    token = track.token or "UNKNOWN"
    properties = {
        "bitDepth": track.bit_depth if token in ("PCM", "FLAC") else _LOSSY_BIT_DEPTH,
        "bitRate": track.bit_rate,
        "channelLayout": track.layout or None,
        "channels": track.channels,
        "languageCode": track.language,
        "sampleRate": track.sample_rate,
    }
    return {
        "index": track.index + 1,
        "trackType": "audio",
        "codec": token,
        "duration": track.duration,
        "audioProperties": properties,
    }


def _data_track(track: DataTrack) -> Json:
    codec = {"webvtt": "WEBVTT", "eia_608": "C608"}.get(track.codec, "UNKNOWN")
    language = {"languageCode": track.language} if track.language else None
    return {"index": track.index + 1, "trackType": "data", "codec": codec, "dataProperties": language}


def _ratio(value: Fraction) -> Json:
    return {"numerator": value.numerator, "denominator": value.denominator}


def input_information(medias: Sequence[Media], inputs: Sequence[Input]) -> Json:
    """``inputDetails`` of the INPUT_INFORMATION event, all inputs in one; ``audio`` is absent for a silent file."""
    details = []
    for number, (media, source) in enumerate(zip(medias, inputs, strict=True), start=1):
        detail: Json = {"id": number, "uri": source.source.uri}
        if media.audio:
            detail["audio"] = [_audio_information(track) for track in media.audio]
        if media.video:
            detail["video"] = [_video_information(track) for track in media.video]
        details.append(detail)
    return {"inputDetails": details}


def _audio_information(track: AudioTrack) -> Json:
    return {
        "channels": track.channels,
        "codec": track.token or "UNKNOWN",
        "language": (track.language or "und").upper(),
        "sampleRate": track.sample_rate,
        "streamId": track.index + 1,
    }


def _video_information(track: VideoTrack) -> Json:
    token = track.token or "UNKNOWN"
    primaries = _PRIMARIES.get(track.color[0], "UNSPECIFIED")
    return {
        "bitDepth": track.bit_depth,
        "codec": _EVENT_CODECS.get(token, token),
        "colorFormat": f"YUV_{track.chroma.replace(':', '')}" if track.chroma else "UNSPECIFIED",
        "fourCC": track.four_cc if track.four_cc.isprintable() else "",
        "frameRate": round(float(_shown_rate(track)), 2),
        "height": track.height,
        "interlaceMode": "INTERLACED" if track.interlaced else "PROGRESSIVE",
        "sar": f"{track.sample_aspect.numerator}:{track.sample_aspect.denominator}",
        "standard": primaries,
        "streamId": track.index + 1,
        "width": track.width,
    }


def _shown_rate(track: VideoTrack) -> Fraction:
    try:
        return output_rate(track)
    except InvalidMedia:
        return track.frame_rate
