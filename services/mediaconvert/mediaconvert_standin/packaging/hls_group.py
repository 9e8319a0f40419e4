"""An HLS group: segments, child playlists and the multivariant playlist, as files to publish."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mediaconvert_standin.captions.writers import MPEG_CLOCK, during, webvtt
from mediaconvert_standin.job_settings.plan import HlsGroup, S3Location, VideoEncoder
from mediaconvert_standin.packaging.codec_names import audio_codec, transport_stream_codec
from mediaconvert_standin.packaging.encryption import encrypted
from mediaconvert_standin.packaging.group_files import GroupFiles, path_from
from mediaconvert_standin.packaging.hls import (
    Entry,
    IFrames,
    PlaylistStyle,
    Segment,
    average_bit_rate,
    join_all,
    join_short_tail,
    media_playlist,
    peak_bit_rate,
    read_segments,
)
from mediaconvert_standin.packaging.multivariant import Track, multivariant, shortest_tail
from mediaconvert_standin.packaging.results import Collected, GroupResult, OutputResult, Workshop, content_type
from mediaconvert_standin.packaging.transport_streams import first_pts, key_frames
from mediaconvert_standin.transcoding.muxers import PACKED_AUDIO, is_packed_audio
from mediaconvert_standin.transcoding.naming import Identifiers, time_identifiers
from mediaconvert_standin.transcoding.transcode import GroupTask, OutputTask

CAPTION_SEGMENT_SECONDS = 300.0  # captionSegmentLengthControl LARGE_SEGMENTS
_ID3_OWNER = b"com.apple.streaming.transportStreamTimestamp\x00"  # RFC 8216, 3.4


def collect_hls(task: GroupTask, group: HlsGroup, workshop: Workshop, collected: Collected) -> GroupResult:
    builder = _HlsBuilder(task, group, workshop, collected)
    return builder.build()


class _HlsBuilder:
    def __init__(self, task: GroupTask, group: HlsGroup, workshop: Workshop, collected: Collected) -> None:
        self._task = task
        self._group = group
        self._workshop = workshop
        self._files = GroupFiles(workshop, collected, task.s3, gzip_manifests=group.gzip_manifests)
        self._pts = 0
        self._cuts: list[float] = []  # lengths of the first picture's segments
        self._i_frames: list[tuple[OutputTask, str, IFrames]] = []

    def build(self) -> GroupResult:
        segments = {
            output.name: join_short_tail(
                read_segments(self._workshop.folder / f"{output.name}.m3u8"),
                shortest_tail(output, self._group.min_final_segment_length),
            )
            for output in self._task.outputs
            if output.encoded
        }
        first = next((output for output in self._task.outputs if output.video is not None), None)
        if first is not None:
            self._pts = first_pts(segments[first.name][0].path) or 0
            self._cuts = [segment.duration for segment in segments[first.name]]
        tracks: list[Track] = []
        results: list[OutputResult] = []
        for output in self._task.outputs:
            if output.captions is not None:
                results.append(self._captions(output))
                continue
            track = self._media(output, segments[output.name])
            tracks.append(track)
            results.append(_result(track))
        playlists = self._manifests(tracks)
        return GroupResult("HLS_GROUP", tuple(results), tuple(playlists))

    def _media(self, output: OutputTask, segments: list[Segment]) -> Track:
        codecs = self._codecs(output, segments[0].path)
        extension = "ts"
        if is_packed_audio(output):
            extension = PACKED_AUDIO[output.audio[0].settings.codec][1]
            segments = _with_time_stamps(segments, self._pts)
        key_frame_places = [key_frames(item.path) for item in segments] if output.output.rendition.i_frames else []
        if self._group.key is not None:
            segments = encrypted(segments, self._group.key)
        if self._group.single_file:
            segments = join_all(segments)
        entries = self._publish_segments(output, segments, extension)
        self._publish_playlist(output, entries)
        track = Track(
            output,
            sum(segment.duration for segment in segments),
            peak_bit_rate(segments),
            average_bit_rate(segments),
            codecs,
        )
        if key_frame_places:
            self._publish_i_frames(track, entries, key_frame_places)
        return track

    def _codecs(self, output: OutputTask, segment: Path) -> tuple[str, ...]:
        sounds = tuple(audio_codec(audio.settings.codec) for audio in output.audio)
        if output.video is None:
            return sounds
        encoder = output.video.encoder
        codec = encoder.codec if isinstance(encoder, VideoEncoder) else "H_264"
        return (transport_stream_codec(segment, codec, rfc_4281=self._group.rfc_4281), *sounds)

    def _publish_segments(self, output: OutputTask, segments: list[Segment], extension: str) -> list[Entry]:
        key = output.key
        if self._group.folder_per_stream:
            key = f"{key}/{key.rpartition('/')[2]}"
        entries = []
        for number, segment in enumerate(segments, start=1):
            modifier = segment_modifier(output, segment)
            name = f"{key}.{extension}" if self._group.single_file else f"{key}{modifier}_{number:05d}.{extension}"
            if number == 1 or not self._group.single_file:
                location = S3Location(output.bucket, name)
                self._files.media(segment.path, location, content_type(extension))
            shown = path_from(output.location.key, name)
            size = segment.size if segment.offset is not None else None
            entries.append(Entry(shown, segment.duration, size, segment.offset))
        return entries

    def _style(self, *, captions: bool) -> PlaylistStyle:
        return PlaylistStyle(
            integer_durations=self._group.integer_durations,
            legacy_target=self._group.legacy_target_duration,
            date_time_period=self._group.date_time_period,
            client_cache=self._group.client_cache,
            key=None if captions else self._group.key,
        )

    def _publish_playlist(self, output: OutputTask, entries: Sequence[Entry]) -> None:
        if self._group.write_manifests:
            text = media_playlist(entries, self._style(captions=output.captions is not None))
            self._files.child_playlist(f"{output.name}.child.m3u8", output.location, text)

    def _publish_i_frames(self, track: Track, entries: Sequence[Entry], places: list[list[tuple[int, int]]]) -> None:
        output = track.output
        frames: list[Entry] = []
        for entry, found in zip(entries, places, strict=True):
            for offset, size in found:
                frames.append(Entry(entry.name, entry.duration / len(found), size, (entry.offset or 0) + offset))
        if not frames or not self._group.write_manifests or output.video is None:
            return
        location = S3Location(output.bucket, f"{output.key}_I-Frame.m3u8")
        text = media_playlist(frames, PlaylistStyle(version=4, i_frames=True))
        self._files.child_playlist(f"{output.name}.iframes.m3u8", location, text)
        bandwidth = max(round((frame.size or 0) * 8 / frame.duration) for frame in frames if frame.duration > 0)
        shown = IFrames("", bandwidth, track.codecs[:1], output.video.width, output.video.height)
        self._i_frames.append((output, location.key, shown))

    def _captions(self, output: OutputTask) -> OutputResult:
        assert output.captions is not None  # noqa: S101 - asked by the caller
        cues = self._workshop.cues(output.captions)
        lengths = self._caption_lengths([cue.end for cue in cues])
        entries, elapsed = [], 0.0
        for number, length in enumerate(lengths, start=1):
            text = webvtt(during(cues, elapsed, elapsed + length), self._pts)
            path = self._workshop.write(f"{output.name}_{number:05d}.vtt", text)
            location = S3Location(output.bucket, f"{output.key}_{number:05d}.vtt")
            self._files.media(path, location, content_type("vtt"))
            entries.append(Entry(path_from(output.location.key, location.key), length))
            elapsed += length
        self._publish_playlist(output, entries)
        return OutputResult(paths=(output.location.uri,), duration_ms=0)

    def _caption_lengths(self, ends: list[float]) -> list[float]:
        if self._group.captions_match_video and self._cuts:
            return self._cuts
        total = sum(self._cuts)
        if not total:
            total = self._workshop.seconds if self._workshop.seconds is not None else max(ends, default=1.0)
        whole, rest = divmod(total, CAPTION_SEGMENT_SECONDS)
        return [CAPTION_SEGMENT_SECONDS] * int(whole) + ([rest] if rest > 0 else [])

    def _manifests(self, tracks: list[Track]) -> list[str]:
        if not self._group.write_manifests:
            return []
        base = self._task.base
        every = [output.output.name_modifier for output in self._task.outputs]
        wanted = [("", tuple(every)), *((item.name_modifier, item.outputs) for item in self._group.manifests)]
        playlists = []
        for number, (modifier, selected) in enumerate(wanted):
            chosen = [track for track in tracks if track.output.output.is_one_of(selected)]
            captions = [
                output
                for output in self._task.outputs
                if output.captions is not None and output.output.is_one_of(selected)
            ]
            location = S3Location(base.bucket, f"{base.key}{modifier}.m3u8")
            frames = [
                replace(item, playlist=path_from(location.key, key))
                for output, key, item in self._i_frames
                if output.output.is_one_of(selected)
            ]
            text = multivariant(location.key, chosen, captions, frames, resolution=self._group.resolution_in_manifest)
            self._files.manifest(f"{self._task.outputs[0].name}.master{number}.m3u8", location, text)
            playlists.append(location.uri)
        return playlists[:1]


def segment_modifier(output: OutputTask, segment: Segment) -> str:
    """What the names of segments have between the name modifier and the number.

    ``$dt$`` and its parts are when the segment was complete, unlike everywhere else.
    """
    completed = datetime.fromtimestamp(segment.path.stat().st_mtime, UTC)
    values = {**output.identifiers.values, **time_identifiers(completed)}
    return Identifiers(values).resolve(output.output.segment_modifier)


def _with_time_stamps(segments: list[Segment], pts: int) -> list[Segment]:
    """Raw audio says in an ID3 tag when it starts on the clock of the transport streams."""
    stamped, elapsed = [], 0.0
    for segment in segments:
        tag = _id3(pts + round(elapsed * MPEG_CLOCK))
        path = segment.path.with_suffix(f"{segment.path.suffix}.stamped")
        with path.open("wb") as target, segment.path.open("rb") as source:
            target.write(tag)
            while chunk := source.read(1024 * 1024):
                target.write(chunk)
        segment.path.unlink()
        stamped.append(Segment(path, segment.duration, segment.size + len(tag)))
        elapsed += segment.duration
    return stamped


def _id3(pts: int) -> bytes:
    """An ID3v2.4 tag with one PRIV frame; sizes have seven bits in a byte."""
    body = _ID3_OWNER + struct.pack(">Q", pts & (1 << 33) - 1)
    frame = b"PRIV" + _seven_bits(len(body)) + b"\x00\x00" + body
    return b"ID3\x04\x00\x00" + _seven_bits(len(frame)) + frame


def _seven_bits(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _result(track: Track) -> OutputResult:
    video = track.output.video
    audio_bitrate = sum(audio.bitrate for audio in track.output.audio)
    return OutputResult(
        paths=(track.output.location.uri,),
        duration_ms=round(track.seconds * 1000),
        width=video.width if video is not None else None,
        height=video.height if video is not None else None,
        average_bitrate=max(1, track.average - audio_bitrate) if video is not None else None,
    )
