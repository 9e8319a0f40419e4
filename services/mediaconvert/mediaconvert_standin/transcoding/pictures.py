"""An output's picture: the filters that each piece goes through, and those after the pieces are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mediaconvert_standin.errors import InvalidMedia, NoVideo, UnsupportedCodec
from mediaconvert_standin.inspection.media import Media, VideoTrack
from mediaconvert_standin.inspection.rates import output_rate
from mediaconvert_standin.job_settings.plan import (
    ConversionPlan,
    FragmentedGroup,
    FrameCapture,
    Group,
    HlsGroup,
    Input,
    Passthrough,
    S3Location,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.job_settings.timecodes import Timecode
from mediaconvert_standin.transcoding.colors import color_filters
from mediaconvert_standin.transcoding.geometry import Fitted, Picture, fit, rotation_filters
from mediaconvert_standin.transcoding.graph import Chain, Step
from mediaconvert_standin.transcoding.overlays import overlays, timecode_filter
from mediaconvert_standin.transcoding.pieces import Piece, timeline_start

DEFAULT_GOP_SECONDS = 2
MAX_SOURCE_PIXELS = 8192 * 4320
MAX_GIF_RATE = 50
_ROTATING_DEMUXERS = {"mov"}  # AUTO works for MP4 and MOV only, as on the service
_DENOISERS = {"TEMPORAL": "hqdn3d=0:0:6:6"}
_DENOISER = "hqdn3d"


@dataclass(frozen=True)
class VideoTask:
    """``chains`` has one chain for each piece, ``filters`` is what follows once they are joined."""

    chains: tuple[Chain, ...]
    filters: Chain
    width: int
    height: int
    encoder: VideoEncoder | FrameCapture | Passthrough
    rate: Fraction  # frames, or captured images, per second
    gop_frames: int = 0
    force_key_frames_every: float | None = None  # seconds
    fixed_gop: bool = False

    @property
    def copied(self) -> bool:
        return isinstance(self.encoder, Passthrough)


@dataclass(frozen=True)
class Stage:
    """What every picture of a job has in common."""

    plan: ConversionPlan
    pieces: tuple[Piece, ...]
    image_inputs: dict[S3Location, int]  # places among ffmpeg's inputs
    followed: VideoTrack | None

    @property
    def first_timecode(self) -> Timecode | None:
        """The timecode of the outputs' first frame; None is zero."""
        return timeline_start(self.plan.timeline, self.pieces[0].media)


def checked_track(source: Input, media: Media) -> VideoTrack:
    """Raises NoVideo, UnsupportedCodec, InvalidMedia."""
    track = media.main_video
    if track is None or track.width == 0 or track.height == 0:
        raise NoVideo(source.source.uri)
    if track.token is None:
        raise UnsupportedCodec(f"Video codec [{track.codec}] is not a supported input video codec")
    if track.width * track.height > MAX_SOURCE_PIXELS:
        raise InvalidMedia(f"Invalid resolution [{track.width} x {track.height}], larger than 8192 x 4320.")
    return track


def plan_picture(
    stage: Stage, video: Video, ordinal: int, group: Group, *, captions: str | None, prefix: str | None
) -> VideoTask:
    """``captions`` and ``prefix`` are local files to burn in. Raises InvalidMedia (1040)."""
    assert stage.followed is not None  # noqa: S101 - checked before the first output
    if isinstance(video.encoder, Passthrough):
        return _copied(stage.followed, video.encoder)
    rate = _rate(stage.followed, video.encoder)
    size = _frame_size(stage, video, ordinal)
    fitted = [_piece_chain(stage, piece, video, rate, ordinal, size) for piece in stage.pieces]
    width, height = fitted[0].width, fitted[0].height
    if isinstance(video.encoder, FrameCapture):
        chains = tuple((*item.filters, "format=yuvj420p") for item in fitted)
        return VideoTask(chains, (), width, height, video.encoder, rate)
    burned = _burned(stage, video, rate, captions, prefix)
    pixel_format = f"format={_pixel_format(video.encoder)}"
    abr = not _is_file(group)
    return VideoTask(
        chains=tuple((*item.filters, pixel_format) for item in fitted),
        filters=(*burned, pixel_format) if burned else (),
        width=width,
        height=height,
        encoder=video.encoder,
        rate=rate,
        gop_frames=_gop_frames(video.encoder, rate, group),
        force_key_frames_every=group.segment_length
        if isinstance(group, HlsGroup | FragmentedGroup) and group.exact_segments
        else None,
        fixed_gop=abr or not (video.encoder.scene_change or video.encoder.min_i_interval),
    )


def _is_file(group: Group) -> bool:
    return not isinstance(group, HlsGroup | FragmentedGroup)


def _copied(track: VideoTrack, encoder: Passthrough) -> VideoTask:
    return VideoTask((), (), track.width, track.height, encoder, output_rate(track))


def _rate(track: VideoTrack, encoder: VideoEncoder | FrameCapture) -> Fraction:
    if isinstance(encoder, FrameCapture):
        return encoder.rate
    rate = encoder.frame_rate or output_rate(track)
    return min(rate, Fraction(MAX_GIF_RATE)) if encoder.codec == "GIF" else rate


def _frame_size(stage: Stage, video: Video, ordinal: int) -> Fitted | None:
    """The size all pieces must have: that of the followed one. None for a programme of one piece."""
    if len(stage.pieces) == 1:
        return None
    upright, source = _followed(stage)
    return fit(upright, video, source.crop or video.crop, ordinal)


def source_picture(stage: Stage, video: Video) -> Picture:
    """What an output shows of the followed input, upright and cropped."""
    upright, source = _followed(stage)
    crop = source.crop or video.crop
    return upright if crop is None else Picture(crop.width, crop.height, upright.aspect)


def _followed(stage: Stage) -> tuple[Picture, Input]:
    piece = next(piece for piece in stage.pieces if piece.media.main_video is stage.followed)
    source = stage.plan.inputs[piece.input]
    assert stage.followed is not None  # noqa: S101 - checked by the callers
    return _upright(source, piece.media, stage.followed), source


def _upright(source: Input, media: Media, track: VideoTrack) -> Picture:
    return Picture(track.width, track.height, track.sample_aspect).rotated(_rotation(source, media, track))


def _piece_chain(stage: Stage, piece: Piece, video: Video, rate: Fraction, ordinal: int, size: Fitted | None) -> Fitted:
    source, media = stage.plan.inputs[piece.input], piece.media
    track = checked_track(source, media)
    upright = _upright(source, media, track)
    fitted = fit(upright, video, source.crop or video.crop, ordinal, source.position or video.position, size)
    before = (*_trim(piece), *_deinterlace_filters(video), *rotation_filters(_rotation(source, media, track)))
    over = overlays(source.images, stage.image_inputs, _piece_timecode(stage, piece, rate), rate)
    colored = color_filters(source, track, video.color)
    denoised = () if video.denoise is None else (_DENOISERS.get(video.denoise, _DENOISER),)
    return Fitted(
        (*before, *_rate_filters(video, rate), *over, *colored, *denoised, *fitted.filters),
        fitted.width,
        fitted.height,
        fitted.aspect,
    )


def _piece_timecode(stage: Stage, piece: Piece, rate: Fraction) -> Timecode | None:
    """The timecode of a piece's first frame on its input's timeline."""
    first = timeline_start(stage.plan.inputs[piece.input].timeline, piece.media)
    if not piece.start:
        return first
    number = (first.frame(rate) if first else 0) + round(Fraction(piece.start) * rate)
    nominal = max(1, round(rate))
    seconds, frames = divmod(number, nominal)
    return Timecode("", seconds // 3600, seconds // 60 % 60, seconds % 60, frames, drop_frame=False)


def _trim(piece: Piece) -> Chain:
    if piece.length is None:
        return ()
    start, half = piece.start - piece.seek, piece.frame / 2
    end = start + piece.length
    return (f"trim=start={max(0.0, start - half):.6f}:end={end - half:.6f}", f"setpts=PTS-{start:.6f}/TB")


def _rate_filters(video: Video, rate: Fraction) -> Chain:
    encoder = video.encoder
    if isinstance(encoder, FrameCapture):
        return (_capture_filter(rate),)
    text = f"{rate.numerator}/{rate.denominator}"
    if isinstance(encoder, VideoEncoder) and encoder.frame_rate is not None:
        if encoder.interpolation == "INTERPOLATE":
            return (f"framerate=fps={text}",)
        if encoder.interpolation == "FRAMEFORMER":
            return (f"minterpolate=fps={text}",)
    return (f"fps={text}:start_time=0",)


def _burned(stage: Stage, video: Video, rate: Fraction, captions: str | None, prefix: str | None) -> Chain:
    first = stage.first_timecode
    filters: list[Step] = [*overlays(video.images, stage.image_inputs, first, rate)]
    if video.burnin is not None:
        filters.append(timecode_filter(video.burnin, prefix, first, rate))
    if captions is not None:
        filters.append(f"ass=filename={captions}")
    return tuple(filters)


def _rotation(source: Input, media: Media, track: VideoTrack) -> int:
    if source.rotate is None:
        return 0
    if source.rotate != "AUTO":
        return int(source.rotate.removeprefix("DEGREES_"))
    nearest = round(track.rotation / 90) * 90
    if media.demuxer not in _ROTATING_DEMUXERS or abs(track.rotation - nearest) > 1:
        return 0
    return nearest % 360


def _deinterlace_filters(video: Video) -> Chain:
    if video.deinterlace is None:
        return ()
    if video.deinterlace == "INVERSE_TELECINE":
        return ("fieldmatch", "decimate")
    if video.deinterlace == "ADAPTIVE":
        return ("fieldmatch", "bwdif=mode=send_frame:deint=interlaced")
    which = "all" if video.deinterlace == "FORCE_ALL_FRAMES" else "interlaced"
    return (f"bwdif=mode=send_frame:deint={which}",)


def _capture_filter(rate: Fraction) -> str:
    """The first frame, then one per 1/rate seconds, each at the first frame not before its time."""
    num, den = rate.numerator, rate.denominator
    now, before = (f"floor(({t}-start_t)*{num}/{den}+1e-6)" for t in ("t", "prev_selected_t"))
    return f"select='isnan(prev_selected_t)+gte({now},{before}+1)'"


def _pixel_format(encoder: VideoEncoder) -> str:
    if encoder.codec == "GIF":
        return "rgb8"
    if encoder.codec == "PRORES":
        return "yuv444p10le" if "4444" in encoder.profile else "yuv422p10le"
    ten_bit = "10BIT" in encoder.profile or encoder.profile.startswith("MAIN10") or encoder.bit_depth == 10
    chroma = "422" if "422" in encoder.profile else "420"
    return f"yuv{chroma}p{'10le' if ten_bit else ''}"


def _gop_frames(encoder: VideoEncoder, rate: Fraction, group: Group) -> int:
    if encoder.gop_size is None or encoder.gop_units == "AUTO":
        seconds = DEFAULT_GOP_SECONDS
        if isinstance(group, HlsGroup):
            seconds = group.segment_length
        elif isinstance(group, FragmentedGroup):
            seconds = group.fragment_length
        return max(1, round(seconds * rate))
    if encoder.gop_units == "SECONDS":
        return max(1, round(encoder.gop_size * float(rate)))
    return max(1, round(encoder.gop_size))


def follow(pieces: Sequence[Piece], index: int) -> Media:
    """The media of the input that outputs follow."""
    return next((piece.media for piece in pieces if piece.input == index), pieces[0].media)
