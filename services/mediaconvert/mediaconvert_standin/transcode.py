"""Plan + media → everything ffmpeg must do, with real sizes, rates and names. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from mediaconvert_standin.errors import InvalidMedia, NoAudioDecoded, NoVideo, UnsupportedCodec
from mediaconvert_standin.geometry import Picture, fit, rotation_filters
from mediaconvert_standin.media import AudioTrack, Media, VideoTrack
from mediaconvert_standin.naming import EXTENSIONS, Identifiers, destination_base, job_identifiers
from mediaconvert_standin.plan import (
    Audio,
    AudioSelector,
    ConversionPlan,
    FileGroup,
    FrameCapture,
    HlsGroup,
    Input,
    Output,
    S3Location,
    S3Options,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.rates import output_rate

DEFAULT_GOP_SECONDS = 2
MAX_SOURCE_PIXELS = 8192 * 4320
MAX_SOUND_DELAY = 2.0  # seconds behind the picture; what comes before is held as raw frames in memory
_ROTATING_DEMUXERS = {"mov"}  # AUTO works for MP4 and MOV only, as on the service


@dataclass(frozen=True)
class VideoTask:
    filters: tuple[str, ...]
    width: int
    height: int
    encoder: VideoEncoder | FrameCapture
    rate: Fraction  # frames, or captured images, per second
    gop_frames: int
    force_key_frames_every: float | None = None  # seconds
    fixed_gop: bool = False


@dataclass(frozen=True)
class AudioTask:
    track: int  # 0-based among the audio tracks of the input
    settings: Audio
    channels: int
    bitrate: int
    offset_ms: int
    language: str | None
    with_picture: bool  # starts with the picture, so that both can go through one filter graph


@dataclass(frozen=True)
class OutputTask:
    """One output. ``name`` is its local file stem; ``key`` its object key without extension."""

    name: str
    bucket: str
    key: str
    output: Output
    video: VideoTask | None
    audio: tuple[AudioTask, ...]
    segment_seconds: float = 0.0  # of an HLS output: where ffmpeg may cut, just before a key frame
    segment_modifier: str = ""

    @property
    def extension(self) -> str:
        return self.output.extension or EXTENSIONS[self.output.container]

    @property
    def location(self) -> S3Location:
        return S3Location(self.bucket, f"{self.key}.{self.extension}")


@dataclass(frozen=True)
class GroupTask:
    group: FileGroup | HlsGroup
    base: S3Location
    outputs: tuple[OutputTask, ...]

    @property
    def s3(self) -> S3Options:
        return self.group.s3


@dataclass(frozen=True)
class Transcode:
    media: Media
    groups: tuple[GroupTask, ...]

    @property
    def outputs(self) -> tuple[OutputTask, ...]:
        return tuple(output for group in self.groups for output in group.outputs)


def resolve(plan: ConversionPlan, media: Media, started: datetime) -> Transcode:
    """Raises NoVideo, UnsupportedCodec, InvalidMedia, NoAudioDecoded."""
    track = media.main_video
    if any(output.video for output in plan.outputs):
        track = _checked_video(plan.input, media)
    identifiers = job_identifiers(started, plan.input.source)
    ordinal = 0
    groups = []
    for group in plan.groups:
        base = destination_base(group.destination, plan.input.source, Identifiers(identifiers))
        outputs = []
        for output in group.outputs:
            ordinal += 1
            outputs.append(_output(plan.input, media, track, group, base, output, ordinal, identifiers))
        groups.append(GroupTask(group, base, tuple(outputs)))
    transcode = Transcode(media, tuple(groups))
    _check_paths(plan.input, transcode)
    return transcode


def _checked_video(source: Input, media: Media) -> VideoTrack:
    track = media.main_video
    if track is None or track.width == 0 or track.height == 0:
        raise NoVideo(source.source.uri)
    if track.token is None:
        raise UnsupportedCodec(f"Video codec [{track.codec}] is not a supported input video codec")
    if track.width * track.height > MAX_SOURCE_PIXELS:
        raise InvalidMedia(f"Invalid resolution [{track.width} x {track.height}], larger than 8192 x 4320.")
    return track


def _output(
    source: Input,
    media: Media,
    track: VideoTrack | None,
    group: FileGroup | HlsGroup,
    base: S3Location,
    output: Output,
    ordinal: int,
    job_values: dict[str, str | int],
) -> OutputTask:
    video = None
    if output.video is not None and track is not None:
        video = _video(source, media, track, output.video, ordinal, group if isinstance(group, HlsGroup) else None)
    audio = tuple(task for item in output.audio if (task := _audio(source, media, item)) is not None)
    if video is None and not audio:
        raise NoAudioDecoded("No audio frames decoded on [selector-(default)-track-1-drc]")
    identifiers = Identifiers(job_values | _output_values(output, video, audio))
    seconds = 0.0
    if isinstance(group, HlsGroup) and video is not None:
        seconds = _segment_seconds(group, video)
    return OutputTask(
        name=f"out{ordinal}",
        bucket=base.bucket,
        key=base.key + identifiers.resolve(output.name_modifier),
        output=output,
        video=video,
        audio=audio,
        segment_seconds=seconds,
        segment_modifier=identifiers.resolve(output.segment_modifier),
    )


def _video(
    source: Input, media: Media, track: VideoTrack, video: Video, ordinal: int, hls: HlsGroup | None
) -> VideoTask:
    rotation = _rotation(source, media, track)
    upright = Picture(track.width, track.height, track.sample_aspect).rotated(rotation)
    fitted = fit(upright, video, source.crop or video.crop, ordinal)
    deinterlace = _deinterlace_filters(video)
    turn = rotation_filters(rotation)
    if isinstance(video.encoder, FrameCapture):
        filters = (*turn, *deinterlace, _capture_filter(video.encoder.rate), *fitted.filters)
        return VideoTask(
            (*filters, "format=yuvj420p"), fitted.width, fitted.height, video.encoder, video.encoder.rate, 0
        )
    encoder = video.encoder
    rate = encoder.frame_rate or output_rate(track)
    rate_filter = f"fps={rate.numerator}/{rate.denominator}:start_time=0"
    if encoder.interpolation == "INTERPOLATE" and encoder.frame_rate is not None:
        rate_filter = f"framerate=fps={rate.numerator}/{rate.denominator}"
    return VideoTask(
        filters=(*turn, *deinterlace, rate_filter, *fitted.filters, f"format={_pixel_format(encoder)}"),
        width=fitted.width,
        height=fitted.height,
        encoder=encoder,
        rate=rate,
        gop_frames=_gop_frames(encoder, rate, hls),
        force_key_frames_every=hls.segment_length if hls is not None and hls.exact_segments else None,
        fixed_gop=hls is not None or not (encoder.scene_change or encoder.min_i_interval),
    )


def _rotation(source: Input, media: Media, track: VideoTrack) -> int:
    if source.rotate is None:
        return 0
    if source.rotate != "AUTO":
        return int(source.rotate.removeprefix("DEGREES_"))
    nearest = round(track.rotation / 90) * 90
    if media.demuxer not in _ROTATING_DEMUXERS or abs(track.rotation - nearest) > 1:
        return 0
    return nearest % 360


def _deinterlace_filters(video: Video) -> tuple[str, ...]:
    if video.deinterlace is None:
        return ()
    which = "all" if video.deinterlace == "FORCE_ALL_FRAMES" else "interlaced"
    return (f"bwdif=mode=send_frame:deint={which}",)


def _capture_filter(rate: Fraction) -> str:
    """The first frame, then one per 1/rate seconds, each at the first frame not before its time."""
    num, den = rate.numerator, rate.denominator
    now, before = (f"floor(({t}-start_t)*{num}/{den}+1e-6)" for t in ("t", "prev_selected_t"))
    return f"select='isnan(prev_selected_t)+gte({now},{before}+1)'"


def _pixel_format(encoder: VideoEncoder) -> str:
    ten_bit = "10BIT" in encoder.profile or encoder.profile.startswith("MAIN10")
    chroma = "422" if "422" in encoder.profile else "420"
    return f"yuv{chroma}p{'10le' if ten_bit else ''}"


def _gop_frames(encoder: VideoEncoder, rate: Fraction, hls: HlsGroup | None) -> int:
    if encoder.gop_size is None or encoder.gop_units == "AUTO":
        seconds = hls.segment_length if hls is not None else DEFAULT_GOP_SECONDS
        return max(1, round(seconds * rate))
    if encoder.gop_units == "SECONDS":
        return max(1, round(encoder.gop_size * float(rate)))
    return max(1, round(encoder.gop_size))


def _segment_seconds(group: HlsGroup, video: VideoTask) -> float:
    """Segment length as a whole number of GOPs, less half a frame so that the cut falls on the key frame."""
    frame = 1 / float(video.rate)
    if group.exact_segments:
        return group.segment_length - frame / 2
    gop = video.gop_frames * frame
    whole_gops = max(1, -int(-(group.segment_length - frame / 2) // gop))
    return whole_gops * gop - frame / 2


def _audio(source: Input, media: Media, audio: Audio) -> AudioTask | None:
    selector_name, selector = _selector(source, audio)
    if selector is None or not media.audio:
        if selector is not None and (selector.tracks or selector.streams):
            raise _invalid_track(selector_name)
        return None
    position = _track_position(selector_name, selector, media.audio)
    track = media.audio[position]
    if track.token is None:
        raise UnsupportedCodec(
            f"Audio codec [{track.codec}] for track [{position + 1}] is not a supported input audio codec"
        )
    channels = audio.channels or min(track.channels or 2, 8)
    own_language = track.language if track.language not in (None, "und") else None
    language = (own_language or audio.language) if audio.language_follows_input else audio.language
    return AudioTask(
        track=position,
        settings=audio,
        channels=channels,
        bitrate=audio.bitrate or 64000 * channels,
        offset_ms=selector.offset_ms,
        language=language,
        with_picture=_starts_together(media.main_video, track),
    )


def _starts_together(video: VideoTrack | None, audio: AudioTrack) -> bool:
    if video is None:
        return True
    if video.first_frame is None or audio.first_frame is None:
        return False
    return audio.first_frame - video.first_frame <= MAX_SOUND_DELAY


def _selector(source: Input, audio: Audio) -> tuple[str, AudioSelector | None]:
    """The selector an output asks for; the one marked as default stands in for a missing name."""
    selectors = source.audio_selectors
    if audio.source_name is None:
        return next(iter(selectors.items()), ("default", AudioSelector()))
    if audio.source_name in selectors:
        return audio.source_name, selectors[audio.source_name]
    return next(((name, item) for name, item in selectors.items() if item.default), (audio.source_name, None))


def _track_position(name: str, selector: AudioSelector, tracks: tuple[AudioTrack, ...]) -> int:
    if selector.tracks:
        if selector.tracks[0] > len(tracks):
            raise _invalid_track(name)
        return selector.tracks[0] - 1
    if selector.streams:
        found = [place for place, track in enumerate(tracks) if track.index == selector.streams[0] - 1]
        if not found:
            raise _invalid_track(name)
        return found[0]
    if selector.language is not None:
        found = [place for place, track in enumerate(tracks) if track.language == selector.language]
        return found[0] if found else 0
    return 0


def _invalid_track(name: str) -> InvalidMedia:
    return InvalidMedia(f"Invalid audio track specified for audio_selector [{name}]")


def _output_values(output: Output, video: VideoTask | None, audio: tuple[AudioTask, ...]) -> dict[str, str | int]:
    audio_kilobits = sum(task.bitrate for task in audio) // 1000
    values: dict[str, str | int] = {"ra": audio_kilobits, "rc": audio_kilobits}
    values["ex"] = output.extension or EXTENSIONS[output.container]
    if video is None:
        return values
    values |= {"w": video.width, "h": video.height, "f": int(video.rate)}
    if isinstance(video.encoder, VideoEncoder):
        control = video.encoder.rate_control
        kilobits = ((control.max_bitrate if control.mode == "QVBR" else control.bitrate) or 0) // 1000
        values |= {"rv": kilobits, "rc": kilobits + audio_kilobits}
    return values


def _check_paths(source: Input, transcode: Transcode) -> None:
    seen: set[str] = set()
    for output in transcode.outputs:
        uri = output.location.uri
        if uri == source.source.uri or uri in seen:
            raise InvalidMedia(f"Duplicate input and output path [{uri}] found in job.")
        seen.add(uri)
