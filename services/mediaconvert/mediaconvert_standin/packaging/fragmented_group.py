"""A DASH or CMAF group: fragmented MP4, an MPD and, for CMAF, HLS playlists, as files to publish."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from mediaconvert_standin.captions.writers import write_captions
from mediaconvert_standin.job_settings.plan import FragmentedGroup, S3Location, VideoEncoder
from mediaconvert_standin.packaging.codec_names import audio_codec, mp4_codec
from mediaconvert_standin.packaging.dash import Manifest, Representation, literal, mpd, segment_times, template
from mediaconvert_standin.packaging.fragments import (
    MediaSegment,
    group_fragments,
    read_fragments,
    write_segments,
    write_single_file,
)
from mediaconvert_standin.packaging.group_files import GroupFiles, path_from
from mediaconvert_standin.packaging.hls import Entry, PlaylistStyle, as_uri, media_playlist
from mediaconvert_standin.packaging.multivariant import Track, multivariant, shortest_tail
from mediaconvert_standin.packaging.results import Collected, GroupResult, OutputResult, Workshop, content_type
from mediaconvert_standin.transcoding.naming import extension_of
from mediaconvert_standin.transcoding.transcode import GroupTask, OutputTask

HLS_VERSION = 7  # fragmented MP4 with EXT-X-MAP
DEFAULT_MIN_BUFFER = 30.0  # seconds
CAPTION_BANDWIDTH = 1000  # bit/s; text is next to nothing


def collect_fragmented(
    task: GroupTask, group: FragmentedGroup, workshop: Workshop, collected: Collected
) -> GroupResult:
    return _Builder(task, group, workshop, collected).build()


class _Builder:
    def __init__(self, task: GroupTask, group: FragmentedGroup, workshop: Workshop, collected: Collected) -> None:
        self._task = task
        self._group = group
        self._workshop = workshop
        self._files = GroupFiles(workshop, collected, task.s3, gzip_manifests=group.gzip_manifests)
        self._representations: dict[str, Representation] = {}
        self._seconds = 0.0

    def build(self) -> GroupResult:
        tracks: list[Track] = []
        results: list[OutputResult] = []
        for output in self._task.outputs:
            if output.captions is not None:
                continue
            track = self._media(output)
            tracks.append(track)
            self._seconds = max(self._seconds, track.seconds)
        for output in self._task.outputs:
            if output.captions is not None:
                results.append(self._captions(output))
                continue
            results.append(_result(next(track for track in tracks if track.output is output)))
        kind = "DASH_ISO_GROUP" if self._group.kind == "DASH" else "CMAF_GROUP"
        return GroupResult(kind, tuple(results), tuple(self._manifests(tracks)))

    def _media(self, output: OutputTask) -> Track:
        folder, name = self._workshop.folder, output.name
        init = folder / f"{name}.init"
        codecs = self._codecs(output)
        groups = group_fragments(
            read_fragments(folder, name),
            self._group.segment_length,
            shortest_tail(output, self._group.min_final_segment_length),
        )
        extension = output.extension
        kind = content_type(extension_of(output.output))
        if self._group.kind == "DASH" and output.video is None:
            kind = "audio/mp4"
        init_size = init.stat().st_size
        child = self._child(output).key
        manifest = f"{self._task.base.key}.mpd"
        index = None
        if self._group.single_file:
            path = folder / f"{name}.single"
            segments, index_size = write_single_file(init, groups, path)
            self._files.media(path, output.location, kind)
            index = (init_size, init_size + index_size - 1)
            shown = path_from(child, output.location.key)
            entries = [Entry(shown, item.seconds, item.size, item.offset) for item in segments]
            style = self._style(shown, init_size)
            media = as_uri(path_from(manifest, output.location.key))
        else:
            segments = write_segments(groups, folder, name)
            init_key = f"{output.key}init.{extension}"
            self._files.media(init, S3Location(output.bucket, init_key), kind)
            entries = []
            for number, (item, time) in enumerate(zip(segments, segment_times(segments), strict=True), start=1):
                key = f"{output.segments.key(number, time)}.{extension}"
                self._files.media(item.path, S3Location(output.bucket, key), kind)
                entries.append(Entry(path_from(child, key), item.seconds))
            style = self._style(path_from(child, init_key), None)
            media = template(output.segments, extension, manifest)
        if self._group.write_hls:
            text = media_playlist(entries, style)
            self._files.child_playlist(f"{name}.child.m3u8", self._child(output), text)
        seconds = sum(item.seconds for item in segments)
        track = Track(output, seconds, _peak(segments), ceil(_average(segments)), codecs)
        self._representations[name] = self._representation(track, media, segments, index, kind)
        return track

    def _style(self, init: str, init_size: int | None) -> PlaylistStyle:
        return PlaylistStyle(
            integer_durations=self._group.integer_durations,
            legacy_target=self._group.legacy_target_duration,
            version=HLS_VERSION,
            init=init,
            init_size=init_size,
            client_cache=self._group.client_cache,
        )

    def _codecs(self, output: OutputTask) -> tuple[str, ...]:
        sounds = tuple(audio_codec(audio.settings.codec) for audio in output.audio)
        if output.video is None:
            return sounds
        picture = mp4_codec(
            self._workshop.folder / f"{output.name}.init", rfc_4281=self._group.rfc_4281 and self._group.kind == "CMAF"
        )
        return (picture, *sounds)

    def _child(self, output: OutputTask) -> S3Location:
        return S3Location(output.bucket, f"{output.key}.m3u8")

    def _representation(
        self,
        track: Track,
        media: str,
        segments: Sequence[MediaSegment],
        index: tuple[int, int] | None,
        mime_type: str,
    ) -> Representation:
        output, video = track.output, track.output.video
        manifest = f"{self._task.base.key}.mpd"
        audio = output.audio[0] if output.audio else None
        extension = output.extension
        bandwidth = track.average
        if self._group.highest_bandwidth and video is not None and isinstance(video.encoder, VideoEncoder):
            bandwidth = video.encoder.rate_control.max_bitrate or video.encoder.rate_control.bitrate or bandwidth
        return Representation(
            id=str(len(self._representations) + 1),
            kind="video" if video is not None else "audio",
            mime_type=mime_type,
            codecs=",".join(track.codecs),
            bandwidth=bandwidth,
            media=media,
            segments=tuple(segments),
            init=None if self._group.single_file else literal(path_from(manifest, f"{output.key}init.{extension}")),
            index=index,
            width=video.width if video is not None else None,
            height=video.height if video is not None else None,
            frame_rate=video.rate if video is not None else None,
            sample_rate=audio.sample_rate if audio is not None and video is None else None,
            channels=audio.channels if audio is not None and video is None else None,
            language=audio.language if audio is not None else None,
            timeline=self._group.segment_timeline or output.segments.by_time,
        )

    def _captions(self, output: OutputTask) -> OutputResult:
        """One file of text, as DASH players load it; CMAF's playlist lists it as one segment."""
        assert output.captions is not None  # noqa: S101 - asked by the caller
        captions = output.captions
        text = write_captions(captions.format, self._workshop.cues(captions), captions.language)
        path = self._workshop.write(f"{output.name}.captions", text)
        kind = content_type(extension_of(output.output))
        self._files.media(path, output.location, kind)
        name = path_from(self._child(output).key, output.location.key)
        self._representations[output.name] = Representation(
            id=str(len(self._representations) + 1),
            kind="text",
            mime_type=kind,
            codecs="",
            bandwidth=CAPTION_BANDWIDTH,
            media=as_uri(path_from(f"{self._task.base.key}.mpd", output.location.key)),
            language=captions.language,
        )
        if self._group.write_hls:
            playlist = media_playlist([Entry(name, self._seconds or 1.0)])
            self._files.child_playlist(f"{output.name}.child.m3u8", self._child(output), playlist)
        return OutputResult(paths=(), duration_ms=0)

    def _manifests(self, tracks: list[Track]) -> list[str]:
        base = self._task.base
        every = tuple(output.output.name_modifier for output in self._task.outputs)
        wanted = [("", every), *((item.name_modifier, item.outputs) for item in self._group.manifests)]
        playlists: list[str] = []
        for number, (modifier, selected) in enumerate(wanted):
            outputs = [output for output in self._task.outputs if output.output.is_one_of(selected)]
            name = f"{self._task.outputs[0].name}.manifest{number}"
            if self._group.write_dash:
                location = S3Location(base.bucket, f"{base.key}{modifier}.mpd")
                shown = [self._representations[output.name] for output in outputs]
                self._files.manifest(f"{name}.mpd", location, mpd(shown, self._dash()))
                playlists += [location.uri] if not modifier else []
            if self._group.write_hls:
                location = S3Location(base.bucket, f"{base.key}{modifier}.m3u8")
                chosen = [track for track in tracks if track.output in outputs]
                captions = [output for output in outputs if output.captions is not None]
                resolution = self._group.resolution_in_manifest
                text = multivariant(location.key, chosen, captions, resolution=resolution, version=HLS_VERSION)
                self._files.manifest(f"{name}.m3u8", location, text)
                playlists += [location.uri] if not modifier else []
        return playlists

    def _dash(self) -> Manifest:
        return Manifest(
            seconds=self._seconds,
            min_buffer=DEFAULT_MIN_BUFFER if self._group.min_buffer is None else float(self._group.min_buffer),
            on_demand=self._group.on_demand_profile,
            hbbtv=self._group.hbbtv,
            base_url=self._group.base_url,
        )


def _peak(segments: Sequence[MediaSegment]) -> int:
    longest = max(segment.duration for segment in segments)
    return ceil(max(segment.bit_rate for segment in segments if segment.duration * 2 >= longest))


def _average(segments: Sequence[MediaSegment]) -> float:
    return sum(segment.size for segment in segments) * 8 / max(0.001, sum(segment.seconds for segment in segments))


def _result(track: Track) -> OutputResult:
    video = track.output.video
    return OutputResult(
        paths=(),
        duration_ms=round(track.seconds * 1000),
        width=video.width if video is not None else None,
        height=video.height if video is not None else None,
        average_bitrate=track.average if video is not None else None,
    )
