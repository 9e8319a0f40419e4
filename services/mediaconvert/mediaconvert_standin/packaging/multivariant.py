"""The multivariant playlist of an HLS or CMAF group: renditions, and the sounds and captions beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mediaconvert_standin.packaging.group_files import path_from
from mediaconvert_standin.packaging.hls import Alternative, IFrames, Variant, alternatives, master_playlist
from mediaconvert_standin.transcoding.transcode import OutputTask

MIN_AUDIO_TAIL = 0.25  # seconds; sound ends some frames after the picture, and those are no segment of their own
DEFAULT_AUDIO_GROUP = "program_audio"
SUBTITLES_GROUP = "subs"
AUDIO_ONLY = "AUDIO_ONLY_VARIANT_STREAM"


@dataclass(frozen=True)
class Track:
    """One output of an ABR group, with the numbers that its playlists show."""

    output: OutputTask
    seconds: float
    peak: int
    average: int
    codecs: tuple[str, ...]

    def playlist(self, manifest: str) -> str:
        """Its playlist as the one with the key ``manifest`` names it."""
        return path_from(manifest, f"{self.output.key}.m3u8")


def shortest_tail(output: OutputTask, minimum: float) -> float:
    """Seconds that the last segment must have to stay one."""
    return minimum if output.video is not None else max(minimum, MIN_AUDIO_TAIL)


def multivariant(
    manifest: str,
    tracks: Sequence[Track],
    captions: Sequence[OutputTask],
    i_frames: Sequence[IFrames] = (),
    *,
    resolution: bool,
    version: int = 3,
) -> str:
    """The multivariant playlist of an HLS or CMAF group; ``manifest`` is its key."""
    pictures = [track for track in tracks if track.output.video is not None]
    sounds = [track for track in tracks if track.output.video is None]
    beside = [track for track in sounds if pictures and track.output.output.rendition.track_type != AUDIO_ONLY]
    variants: list[Variant] = []
    for track in tracks:
        if track not in beside:
            variants += _variants(manifest, track, beside, subtitles=bool(captions))
    media = [_audio_media(manifest, track, number) for number, track in enumerate(beside)]
    media += [_caption_media(manifest, output, number) for number, output in enumerate(captions)]
    return master_playlist(variants, resolution=resolution, media=_distinct(media), i_frames=i_frames, version=version)


def _distinct(media: Sequence[Alternative]) -> list[Alternative]:
    """No two tracks of a group have one name (RFC 8216, 4.3.4.1.1)."""
    seen: set[tuple[str, str]] = set()
    distinct = []
    for item in media:
        named, number = item, 1
        while (named.group, named.name) in seen:
            number += 1
            named = replace(item, name=f"{item.name} {number}")
        seen.add((named.group, named.name))
        distinct.append(named)
    return distinct


def _group_of(track: Track) -> str:
    return track.output.output.rendition.audio_group or DEFAULT_AUDIO_GROUP


def _variants(manifest: str, track: Track, beside: Sequence[Track], *, subtitles: bool) -> list[Variant]:
    """One line for each audio group that goes with a picture."""
    video = track.output.video
    groups = list(dict.fromkeys(_group_of(item) for item in beside)) if video is not None else []
    named = [name for name in track.output.output.rendition.audio_sets if name in groups]
    variants = []
    for group in (named or groups) if groups else [None]:
        members = [item for item in beside if _group_of(item) == group]
        codecs = dict.fromkeys((*track.codecs, *(codec for item in members for codec in item.codecs)))
        variants.append(
            Variant(
                playlist=track.playlist(manifest),
                bandwidth=track.peak + max((item.peak for item in members), default=0),
                average_bandwidth=track.average + max((item.average for item in members), default=0),
                codecs=tuple(codecs),
                width=video.width if video is not None else None,
                height=video.height if video is not None else None,
                frame_rate=float(video.rate) if video is not None else None,
                audio_group=group,
                subtitles=subtitles and video is not None,
            )
        )
    return variants


def _audio_media(manifest: str, track: Track, number: int) -> Alternative:
    audio = track.output.audio[0]
    name = audio.settings.stream_name or audio.language or f"Audio {number + 1}"
    kind = track.output.output.rendition.track_type
    if kind is None and number:
        kind = "ALTERNATE_AUDIO_AUTO_SELECT"  # a group has one default
    playlist = track.playlist(manifest)
    return alternatives("AUDIO", _group_of(track), name, audio.language, playlist, kind, audio.channels)


def _caption_media(manifest: str, output: OutputTask, number: int) -> Alternative:
    assert output.captions is not None  # noqa: S101 - chosen so
    captions = output.captions
    name = captions.description or captions.language or f"Captions {number + 1}"
    kind = None if number == 0 else "ALTERNATE_AUDIO_AUTO_SELECT"
    playlist = path_from(manifest, f"{output.key}.m3u8")
    return alternatives("SUBTITLES", SUBTITLES_GROUP, name, captions.language, playlist, kind, None)
