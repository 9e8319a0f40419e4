"""Which tracks of each piece an output's sound comes from, and the filters that make it alike everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mediaconvert_standin.errors import InvalidMedia, UnsupportedCodec
from mediaconvert_standin.inspection.media import AudioTrack, Media, VideoTrack
from mediaconvert_standin.job_settings.plan import Audio, AudioSelector, Input, Remix, S3Location
from mediaconvert_standin.transcoding.pieces import Piece

MAX_SOUND_DELAY = 2.0  # seconds behind the picture; what comes before is held as raw frames in memory
MAX_CHANNELS = 8
MUTE = -60.0  # dB, of a remix
AAC_SAMPLE_RATE = 48000
_SILENT_CHANNELS = 2
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_LOWEST_TARGET, _HIGHEST_TARGET = -70.0, -5.0  # LUFS, the range of ffmpeg's loudnorm
_LOWEST_PEAK, _HIGHEST_PEAK = -9.0, 0.0

Chain = tuple[str, ...]
Externals = Mapping[S3Location, Media]  # in the order of ffmpeg's inputs


@dataclass(frozen=True)
class SoundSource:
    """Tracks of one piece (0-based among its audio), merged in this order, and what to do with them.

    ``external`` is the place of the file they are in among the external ones, None for the piece itself.
    """

    tracks: tuple[int, ...]
    filters: Chain
    external: int | None = None


@dataclass(frozen=True)
class AudioTask:
    settings: Audio
    sources: tuple[SoundSource | None, ...]  # one for each piece; None is silence
    filters: Chain  # after the pieces are joined
    channels: int
    sample_rate: int
    bitrate: int
    language: str | None
    with_picture: bool  # starts with the picture, so that both can go through one filter graph

    @property
    def copied(self) -> bool:
        return self.settings.codec == "PASSTHROUGH"


@dataclass(frozen=True)
class _Found:
    """Tracks of one piece, the file they are in, and the selector that led to them."""

    tracks: tuple[AudioTrack, ...]
    media: Media
    selector: AudioSelector | None


def each_track(inputs: Sequence[Input], pieces: Sequence[Piece], audio: Audio) -> tuple[Audio, ...]:
    """An output's sound, or one for each track that its dynamic selector finds."""
    counts = []
    for piece in pieces:
        _, selector = _selector(inputs[piece.input], audio)
        if selector is None or not selector.every_track:
            return (audio,)
        counts.append(len(_fitting(selector, piece.media.audio)))
    return tuple(replace(audio, track=number) for number in range(max(1, *counts)))


def plan_sound(
    inputs: Sequence[Input],
    pieces: Sequence[Piece],
    audio: Audio,
    externals: Externals,
    *,
    picture_seconds: float | None = None,
) -> AudioTask | None:
    """None when no piece has the sound that its selector means; with ``picture_seconds`` it ends when they do.

    A piece whose input has no such selector is silent (AudioDescription.audioSourceName of the service model).
    Raises UnsupportedCodec, InvalidMedia (1040).
    """
    found = [_find(inputs[piece.input], piece.media, audio, externals) for piece in pieces]
    first = next((item.tracks for item in found if item.tracks), ())
    if not first:
        return None if all(item.selector is not None for item in found) else _silence(pieces, audio, picture_seconds)
    channels = audio.channels or min(sum(track.channels or 2 for track in first), MAX_CHANNELS)
    rate = audio.sample_rate or first[0].sample_rate or AAC_SAMPLE_RATE
    places = {location: place for place, location in enumerate(externals)}
    sources = [
        _source(piece, item, places, audio, channels, rate) if item.tracks else None
        for piece, item in zip(pieces, found, strict=True)
    ]
    own = first[0].language if first[0].language not in (None, "und") else None
    return AudioTask(
        settings=audio,
        sources=tuple(sources),
        filters=_joined(audio, rate, picture_seconds),
        channels=channels,
        sample_rate=rate,
        bitrate=audio.bitrate or first[0].bit_rate or 64000 * channels,
        language=(own or audio.language) if audio.language_follows_input else audio.language,
        with_picture=all(
            item.media is not piece.media or _starts_together(piece.media.main_video, item.tracks)
            for piece, item in zip(pieces, found, strict=True)
            if item.tracks
        ),
    )


def _silence(pieces: Sequence[Piece], audio: Audio, picture_seconds: float | None) -> AudioTask:
    """A track of nothing but silence. Raises InvalidMedia (1040)."""
    if audio.codec == "PASSTHROUGH":
        raise InvalidMedia(f"Passthrough audio of the selector [{audio.source_name}], which no input has.")
    if any(piece.seconds is None for piece in pieces):
        raise InvalidMedia(
            f"No input has an audio selector [{audio.source_name}], and an input's container does not say how long "
            "the silence should be."
        )
    channels = audio.channels or _SILENT_CHANNELS
    rate = audio.sample_rate or AAC_SAMPLE_RATE
    return AudioTask(
        settings=audio,
        sources=(None,) * len(pieces),
        filters=_joined(replace(audio, loudness=None), rate, picture_seconds),
        channels=channels,
        sample_rate=rate,
        bitrate=audio.bitrate or 64000 * channels,
        language=audio.language,
        with_picture=True,
    )


def _find(source: Input, media: Media, audio: Audio, externals: Externals) -> _Found:
    name, selector = _selector(source, audio)
    if selector is None:
        return _Found((), media, None)
    if selector.external is not None:
        media = externals[selector.external]
    if not media.audio:
        if selector.tracks or selector.streams or selector.pids or selector.external is not None:
            raise _invalid_track(name)
        return _Found((), media, selector)
    if selector.every_track:
        tracks = _fitting(selector, media.audio)[audio.track : audio.track + 1]
    else:
        tracks = _tracks(name, selector, media.audio)
    for track in tracks:
        if track.token is None:
            raise UnsupportedCodec(
                f"Audio codec [{track.codec}] for track [{media.audio.index(track) + 1}] "
                "is not a supported input audio codec"
            )
    return _Found(tracks, media, selector)


def _fitting(selector: AudioSelector, tracks: tuple[AudioTrack, ...]) -> tuple[AudioTrack, ...]:
    return tuple(track for track in tracks if selector.language in (None, track.language))


def _selector(source: Input, audio: Audio) -> tuple[str, AudioSelector | None]:
    """The selector an output asks for; the one marked as default stands in for a missing name."""
    selectors = source.audio_selectors
    if audio.source_name is None:
        return next(iter(selectors.items()), ("default", AudioSelector()))
    if audio.source_name in selectors:
        return audio.source_name, selectors[audio.source_name]
    return next(((name, item) for name, item in selectors.items() if item.default), (audio.source_name, None))


def _tracks(name: str, selector: AudioSelector, tracks: tuple[AudioTrack, ...]) -> tuple[AudioTrack, ...]:
    if selector.tracks:
        if max(selector.tracks) > len(tracks):
            raise _invalid_track(name)
        return tuple(tracks[number - 1] for number in selector.tracks)
    if selector.streams or selector.pids:
        keys = {**{track.index + 1: track for track in tracks}} if selector.streams else {t.pid: t for t in tracks}
        wanted = selector.streams or selector.pids
        if any(key not in keys for key in wanted):
            raise _invalid_track(name)
        return tuple(keys[key] for key in wanted)
    if selector.every_pcm:
        found = tuple(track for track in tracks if track.token == "PCM")  # noqa: S105 - a codec
        return found or tracks[:1]
    if selector.language is not None:
        return next(((track,) for track in tracks if track.language == selector.language), tracks[:1])
    return tracks[:1]


def _invalid_track(name: str) -> InvalidMedia:
    return InvalidMedia(f"Invalid audio track specified for audio_selector [{name}]")


def _starts_together(video: VideoTrack | None, tracks: tuple[AudioTrack, ...]) -> bool:
    if video is None:
        return True
    if video.first_frame is None or any(track.first_frame is None for track in tracks):
        return False
    return max(track.first_frame or 0.0 for track in tracks) - video.first_frame <= MAX_SOUND_DELAY


def _source(
    piece: Piece, found: _Found, places: Mapping[S3Location, int], audio: Audio, channels: int, rate: int
) -> SoundSource:
    filters: list[str] = []
    selector = found.selector
    external = places[selector.external] if selector is not None and selector.external is not None else None
    if piece.length is not None:
        # A file of its own is read from its start; the input from a little before the piece.
        start = piece.start - (piece.seek if external is None else 0.0)
        filters += [f"atrim=start={start:.6f}:end={start + piece.length:.6f}", f"asetpts=PTS-{start:.6f}/TB"]
    elif external is not None and piece.media.main_video is not None and piece.seconds is not None:
        filters.append(f"atrim=end={piece.seconds:.6f}")  # the pictures say how long the programme is
    arriving = sum(track.channels or 2 for track in found.tracks)
    for remix in (selector.remix if selector else None, audio.remix):
        if remix is not None:
            filters.append(pan(remix, arriving))
            arriving = len(remix.rows)
    # Silence where the track starts late or has holes: sound must stay with the picture.
    filters.append(resampled(rate, channels, ":async=1:first_pts=0"))
    offset = selector.offset_ms if selector else 0
    if offset > 0:
        filters.append(f"adelay={offset}:all=1")
    elif offset < 0:
        filters.append(f"atrim=start={-offset / 1000:.3f},asetpts=PTS-STARTPTS")
    return SoundSource(tuple(found.media.audio.index(track) for track in found.tracks), tuple(filters), external)


def pan(remix: Remix, arriving: int) -> str:
    """A mixing matrix in ffmpeg's words; gains for channels that do not arrive are left out."""
    layout = LAYOUTS.get(len(remix.rows), f"{len(remix.rows)}c")
    outputs = [layout]
    for number, row in enumerate(remix.rows):
        parts = [f"{10 ** (gain / 20):.6f}*c{index}" for index, gain in enumerate(row[:arriving]) if gain > MUTE]
        outputs.append(f"c{number}={'+'.join(parts) or '0*c0'}")
    return f"pan={'|'.join(outputs)}"


def resampled(rate: int, channels: int, options: str = "") -> str:
    layout = f",aformat=channel_layouts={LAYOUTS[channels]}" if channels in LAYOUTS else ""
    return f"aresample={rate}{options}{layout}"


def _joined(audio: Audio, rate: int, picture_seconds: float | None) -> Chain:
    filters: list[str] = []
    if audio.loudness is not None:
        target = min(_HIGHEST_TARGET, max(_LOWEST_TARGET, audio.loudness.target))
        peak = min(_HIGHEST_PEAK, max(_LOWEST_PEAK, audio.loudness.peak))
        filters += [f"loudnorm=I={target:g}:TP={peak:g}:LRA=20", f"aresample={rate}"]
    if picture_seconds is not None:
        filters.append(f"apad,atrim=end={picture_seconds:.6f}")
    return tuple(filters)
