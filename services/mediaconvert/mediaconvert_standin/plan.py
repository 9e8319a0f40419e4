"""What a job is to do: CreateJob's settings parsed into frozen values, before anything is known of the media."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class S3Location:
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class S3Options:
    """destinationSettings.s3Settings, by the names of PutObject's parameters."""

    acl: str | None = None
    storage_class: str | None = None
    encryption: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True)
class Rectangle:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class AudioSelector:
    default: bool = False
    tracks: tuple[int, ...] = ()  # 1-based among the audio tracks
    streams: tuple[int, ...] = ()  # 1-based among all tracks
    language: str | None = None
    offset_ms: int = 0


@dataclass(frozen=True)
class Input:
    source: S3Location
    rotate: str | None = None  # AUTO, DEGREES_90 and so on; None keeps the pixels as stored
    audio_selectors: dict[str, AudioSelector] = field(default_factory=dict)
    crop: Rectangle | None = None


@dataclass(frozen=True)
class RateControl:
    mode: str  # QVBR, VBR, CBR
    bitrate: int | None
    max_bitrate: int | None
    quality_level: float | None
    buffer_size: int | None
    initial_fill: int | None  # percent


@dataclass(frozen=True)
class VideoEncoder:
    """H.264 or H.265. Sizes in bits, rates in bit/s."""

    codec: str  # H_264, H_265
    rate_control: RateControl
    tuning: str
    profile: str
    level: str | None
    gop_size: float | None
    gop_units: str  # FRAMES, SECONDS, AUTO
    closed_gop: bool
    min_i_interval: int | None
    scene_change: bool
    b_frames: int | None
    adaptive_b_frames: bool
    b_reference: bool
    reference_frames: int | None
    slices: int | None
    cavlc: bool
    frame_rate: Fraction | None  # None follows the source
    interpolation: str
    sample_aspect: Fraction | None
    keep_sample_aspect: bool
    packaging: str | None


@dataclass(frozen=True)
class FrameCapture:
    rate: Fraction  # images per second
    max_captures: int
    quality: int


@dataclass(frozen=True)
class Video:
    encoder: VideoEncoder | FrameCapture
    width: int | None = None
    height: int | None = None
    scaling: str = "DEFAULT"
    sharpness: int = 50
    crop: Rectangle | None = None
    deinterlace: str | None = None  # None, NORMAL, FORCE_ALL_FRAMES


@dataclass(frozen=True)
class Audio:
    """AAC."""

    source_name: str | None
    channels: int | None  # None follows the source
    sample_rate: int
    bitrate: int | None
    vbr_quality: str | None
    language: str | None
    language_follows_input: bool


@dataclass(frozen=True)
class Output:
    container: str
    name_modifier: str
    extension: str | None
    video: Video | None
    audio: tuple[Audio, ...]
    fast_start: bool = True
    segment_modifier: str = ""


@dataclass(frozen=True)
class FileGroup:
    destination: str
    s3: S3Options
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class HlsGroup:
    destination: str
    s3: S3Options
    outputs: tuple[Output, ...]
    segment_length: int
    exact_segments: bool
    min_final_segment_length: float
    integer_durations: bool
    rfc_4281: bool
    legacy_target_duration: bool
    resolution_in_manifest: bool
    write_manifests: bool
    gzip_manifests: bool


@dataclass(frozen=True)
class ConversionPlan:
    input: Input
    groups: tuple[FileGroup | HlsGroup, ...]
    warnings: tuple[str, ...] = ()  # settings accepted without effect

    @property
    def outputs(self) -> tuple[Output, ...]:
        return tuple(output for group in self.groups for output in group.outputs)
