"""The process that opens untrusted media: one JSON request per line in, one JSON answer per line out.

Run by file name in an isolated interpreter, so it imports nothing of this package. A hostile file can
only crash or stall this process, which is replaced.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import Any

import av
import av.logging

OPEN_TIMEOUT = 20.0  # seconds, for each blocking read of the container
PROBE_BYTES = 4 * 1024 * 1024
MAX_STREAMS = 64
MAX_PIXELS = 8192 * 4320
MAX_PACKETS_TO_FIRST_FRAMES = 2000
MAX_BYTES_TO_FIRST_FRAMES = 32 * 1024 * 1024
MEMORY_LIMIT = 4 * 1024**3
FILE_LIMIT = 64
_INTERLACED_ORDERS = {2: True, 3: False, 4: True, 5: False}  # AVFieldOrder TT BB TB BT → top field first

Json = dict[str, Any]


def probe(path: str, demuxer: str, whitelist: str) -> Json:
    """Facts about a local file, opened with one named demuxer and no other protocol than ``file``."""
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": whitelist,
        "probesize": str(PROBE_BYTES),
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_PIXELS),
    }
    with av.open(path, "r", format=demuxer, options=options, timeout=OPEN_TIMEOUT, metadata_errors="replace") as media:
        streams = [_stream(stream) for stream in media.streams]
        _look_at_first_frames(media, streams)
        duration = media.duration / av.time_base if media.duration and media.duration > 0 else None
        timecodes = [found for item in (media, *media.streams) if (found := item.metadata.get("timecode"))]
        facts = {"duration": duration, "bitRate": media.bit_rate or None, "streams": streams}
        return {**facts, "timecode": next(iter(timecodes), None)}


def _stream(stream: Any) -> Json:
    context = stream.codec_context
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    facts: Json = {
        "type": stream.type,
        "index": stream.index,
        "pid": stream.id or None,
        "codec": context.codec.canonical_name if context is not None else "unknown",
        "duration": seconds if seconds and seconds > 0 else None,
        "bitRate": getattr(context, "bit_rate", None) or None,
        "language": stream.language,
        "firstFrame": None,
        "attachedPicture": bool(stream.disposition & av.stream.Disposition.attached_pic),
    }
    if stream.type == "video":
        facts |= _video(stream, context)
    elif stream.type == "audio":
        facts |= _audio(context)
    return facts


def _video(stream: Any, context: Any) -> Json:
    components = context.format.components if context.format is not None else ()
    order = int(getattr(context, "field_order", 0) or 0)
    return {
        "fourCC": str(context.codec_tag or ""),
        "width": context.width,
        "height": context.height,
        "sampleAspect": _text(stream.sample_aspect_ratio),
        "averageRate": _text(stream.average_rate),
        "baseRate": _text(stream.base_rate or stream.guessed_rate),
        "rotation": 0,
        "bitDepth": max((component.bits for component in components), default=8),
        "chroma": _chroma(context.format),
        "interlaced": order in _INTERLACED_ORDERS,
        "topFieldFirst": _INTERLACED_ORDERS.get(order, True),
        "primaries": int(context.color_primaries),
        "transfer": int(context.color_trc),
        "matrix": int(context.colorspace),
        "range": int(context.color_range),
        "profile": str(stream.profile or ""),
        "level": int(getattr(context, "level", 0) or 0),
    }


def _audio(context: Any) -> Json:
    return {
        "channels": context.channels or 0,
        "layout": context.layout.name if context.layout else "",
        "sampleRate": context.sample_rate or 0,
        "bitDepth": context.format.bits if context.format is not None else 16,
    }


def _chroma(video_format: Any) -> str:
    if video_format is None or len(video_format.components) < 3 or video_format.is_rgb:
        return ""
    horizontal, vertical = 64 // video_format.chroma_width(64), 64 // video_format.chroma_height(64)
    return {(2, 2): "4:2:0", (2, 1): "4:2:2", (1, 1): "4:4:4"}.get((horizontal, vertical), "")


def _look_at_first_frames(media: Any, streams: list[Json]) -> None:
    """Rotation, real scan type and start are on frames. What does not decode keeps the header's word."""
    waiting = {
        item["index"]: item for item in streams if item["type"] in ("video", "audio") and not item["attachedPicture"]
    }
    read = 0
    try:
        for count, packet in enumerate(media.demux([media.streams[index] for index in waiting])):
            read += packet.size
            if packet.stream.index in waiting:
                _look_at_packet(packet, waiting)
            if not waiting or count >= MAX_PACKETS_TO_FIRST_FRAMES or read >= MAX_BYTES_TO_FIRST_FRAMES:
                return
    except (av.FFmpegError, ValueError):
        return


def _look_at_packet(packet: Any, waiting: dict[int, Json]) -> None:
    try:
        frames = packet.decode()
    except (av.FFmpegError, ValueError):
        return  # a damaged start: a later packet may do
    if not frames:
        return
    facts, frame = waiting.pop(packet.stream.index), frames[0]
    facts["firstFrame"] = frame.time
    if facts["type"] == "video":
        facts["rotation"] = -int(frame.rotation) % 360
        facts["interlaced"] = facts["interlaced"] or bool(frame.interlaced_frame)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_NOFILE, FILE_LIMIT)):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    _limit_resources()
    av.logging.set_level(None)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer: Json = {"facts": probe(request["path"], request["demuxer"], request["whitelist"])}
        except (av.FFmpegError, ValueError, OSError, MemoryError, LookupError) as error:
            answer = {"error": type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
