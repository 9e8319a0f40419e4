"""What a job is to do: CreateJob's settings parsed into frozen values, before anything is known of the media."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

from mediaconvert_standin.job_settings.timecodes import Timecode


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
class Clip:
    """A part of an input; the frame at ``end`` belongs to it. None is the input's own start or end."""

    start: Timecode | None
    end: Timecode | None


@dataclass(frozen=True)
class Remix:
    """Gains in dB: one row for each output channel, one number in it for each input channel."""

    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class AudioSelector:
    default: bool = False
    tracks: tuple[int, ...] = ()  # 1-based among the audio tracks
    streams: tuple[int, ...] = ()  # 1-based among all tracks
    pids: tuple[int, ...] = ()
    language: str | None = None
    every_pcm: bool = False
    every_track: bool = False  # a dynamic selector: each track that fits becomes one of the output's
    external: S3Location | None = None  # a file of its own instead of the input
    offset_ms: int = 0
    remix: Remix | None = None


@dataclass(frozen=True)
class CaptionSource:
    """A caption file beside an input, or nothing (``kind`` NULL_SOURCE). ``delta`` in seconds."""

    kind: str
    location: S3Location | None
    delta: float = 0.0
    language: str | None = None


@dataclass(frozen=True)
class StillImage:
    """A picture laid over the video. Times in seconds, sizes in pixels, opacity in percent."""

    location: S3Location
    x: int
    y: int
    width: int | None
    height: int | None
    layer: int
    opacity: int
    start: Timecode | None
    duration: float | None
    fade_in: float
    fade_out: float


@dataclass(frozen=True)
class Timeline:
    """Where timecodes start: EMBEDDED, ZEROBASED or SPECIFIEDSTART."""

    source: str = "EMBEDDED"
    start: Timecode | None = None


@dataclass(frozen=True)
class Input:
    source: S3Location
    rotate: str | None = None  # AUTO, DEGREES_90 and so on; None keeps the pixels as stored
    audio_selectors: dict[str, AudioSelector] = field(default_factory=dict)
    crop: Rectangle | None = None
    position: Rectangle | None = None
    clips: tuple[Clip, ...] = ()
    timeline: Timeline = Timeline()
    caption_sources: dict[str, CaptionSource] = field(default_factory=dict)
    images: tuple[StillImage, ...] = ()
    color_space: str | None = None  # a token of ColorSpace that stands in for missing tags
    color_forced: bool = False  # ... or for wrong ones


@dataclass(frozen=True)
class RateControl:
    mode: str  # QVBR, VBR, CBR
    bitrate: int | None = None
    max_bitrate: int | None = None
    quality_level: float | None = None
    buffer_size: int | None = None
    initial_fill: int | None = None  # percent


@dataclass(frozen=True)
class VideoEncoder:
    """An encoder and how it is to encode. Sizes in bits, rates in bit/s."""

    codec: str  # H_264, H_265, AV1, VP8, VP9, MPEG2, PRORES, GIF
    rate_control: RateControl = RateControl("VBR")
    tuning: str = "SINGLE_PASS"
    profile: str = ""
    level: str | None = None
    gop_size: float | None = None
    gop_units: str = "FRAMES"  # FRAMES, SECONDS, AUTO
    closed_gop: bool = True
    min_i_interval: int | None = None
    scene_change: bool = True
    b_frames: int | None = None
    adaptive_b_frames: bool = True
    b_reference: bool = True
    reference_frames: int | None = None
    slices: int | None = None
    cavlc: bool = False
    bit_depth: int = 8
    frame_rate: Fraction | None = None  # None follows the source
    interpolation: str = "DUPLICATE_DROP"
    sample_aspect: Fraction | None = None
    keep_sample_aspect: bool = False
    packaging: str | None = None


@dataclass(frozen=True)
class FrameCapture:
    rate: Fraction  # images per second
    max_captures: int
    quality: int


@dataclass(frozen=True)
class Passthrough:
    """The input's own pictures, not touched."""


@dataclass(frozen=True)
class Color:
    """Colour conversion and correction. ``to`` is FORCE_709 and the like, or NONE."""

    to: str = "NONE"
    tone_mapper: str = "PRESERVE_DETAILS"
    brightness: int = 50
    contrast: int = 50
    saturation: int = 50
    hue: int = 0


@dataclass(frozen=True)
class TimecodeBurnin:
    font_size: int
    position: str
    prefix: str


@dataclass(frozen=True)
class Video:
    encoder: VideoEncoder | FrameCapture | Passthrough
    width: int | None = None
    height: int | None = None
    scaling: str = "DEFAULT"
    sharpness: int = 50
    crop: Rectangle | None = None
    position: Rectangle | None = None
    deinterlace: str | None = None  # None, NORMAL, FORCE_ALL_FRAMES, INVERSE_TELECINE, ADAPTIVE
    denoise: str | None = None
    color: Color = Color()
    images: tuple[StillImage, ...] = ()
    burnin: TimecodeBurnin | None = None


@dataclass(frozen=True)
class Loudness:
    """A target in LKFS and a true peak in dB, as EBU R 128 measures them."""

    target: float
    peak: float


@dataclass(frozen=True)
class Audio:
    """One output track. ``None`` follows the source."""

    source_name: str | None
    channels: int | None
    sample_rate: int | None
    bitrate: int | None
    vbr_quality: str | None
    language: str | None
    language_follows_input: bool
    codec: str = "AAC"
    bit_depth: int = 16
    stream_name: str | None = None
    remix: Remix | None = None
    loudness: Loudness | None = None
    track: int = 0  # which of the tracks that a dynamic selector finds


@dataclass(frozen=True)
class BurnInStyle:
    """Look of captions that become part of the picture. Colours as RRGGBB, opacity 0-255."""

    color: str = "FFFFFF"
    opacity: int = 255
    font_size: int | None = None  # None lets the picture's height decide
    outline_color: str = "000000"
    outline_size: int = 2
    background_color: str | None = None
    background_opacity: int = 255
    shadow_color: str | None = None
    left: bool = False
    x: int | None = None
    y: int | None = None


@dataclass(frozen=True)
class CaptionOutput:
    """What one caption description makes: BURN_IN, or a text format."""

    selector: str | None
    format: str  # BURN_IN, WEBVTT, SRT, TTML, IMSC, SMI
    language: str | None
    description: str | None
    style: BurnInStyle = BurnInStyle()


@dataclass(frozen=True)
class Rendition:
    """How an output stands in an HLS or CMAF multivariant playlist."""

    audio_group: str | None = None
    audio_sets: tuple[str, ...] = ()
    track_type: str | None = None
    transport_stream: bool = False  # an audio-only output is MPEG-2 TS instead of raw audio
    i_frames: bool = False


@dataclass(frozen=True)
class Output:
    container: str
    name_modifier: str
    extension: str | None
    video: Video | None
    audio: tuple[Audio, ...]
    captions: tuple[CaptionOutput, ...] = ()
    fast_start: bool = True
    match_video_duration: bool = False
    segment_modifier: str = ""
    rendition: Rendition = Rendition()
    rung_of: str | None = None  # name modifier of the output that an automated ladder made it from

    def is_one_of(self, name_modifiers: Collection[str]) -> bool:
        return self.name_modifier in name_modifiers or self.rung_of in name_modifiers

    @property
    def sidecar(self) -> CaptionOutput | None:
        """The text captions that are all there is in this output."""
        return next((item for item in self.captions if item.format != "BURN_IN"), None)


@dataclass(frozen=True)
class AutomatedAbr:
    """Limits of a ladder that follows the source. Rates in bit/s; ``allowed`` empty allows every size."""

    max_renditions: int
    max_bitrate: int
    min_bitrate: int
    min_top: tuple[int, int] | None = None
    min_bottom: tuple[int, int] | None = None
    forced: tuple[tuple[int, int], ...] = ()
    allowed: tuple[tuple[int, int], ...] = ()
    max_quality: float | None = None  # QVBR level that no rung goes above


@dataclass(frozen=True)
class StaticKey:
    """A key that the customer brings: AES-128 of whole segments. ``vector`` None follows the segments' numbers."""

    value: bytes = field(repr=False)
    url: str  # where players ask for it
    vector: bytes | None = None
    vector_in_manifest: bool = False
    key_format: str | None = None
    key_format_versions: str | None = None


@dataclass(frozen=True)
class AdditionalManifest:
    name_modifier: str
    outputs: tuple[str, ...]  # name modifiers of the outputs it lists


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
    single_file: bool = False
    folder_per_stream: bool = False
    captions_match_video: bool = False
    date_time_period: int | None = None  # seconds between EXT-X-PROGRAM-DATE-TIME; None writes none
    client_cache: bool = True
    manifests: tuple[AdditionalManifest, ...] = ()
    abr: AutomatedAbr | None = None
    key: StaticKey | None = None


@dataclass(frozen=True)
class FragmentedGroup:
    """DASH and CMAF: fragmented MP4 with an MPD, playlists or both. Lengths in seconds."""

    kind: str  # DASH, CMAF
    destination: str
    s3: S3Options
    outputs: tuple[Output, ...]
    segment_length: int
    fragment_length: int
    exact_segments: bool
    min_final_segment_length: float
    single_file: bool
    min_buffer: int | None
    on_demand_profile: bool
    segment_timeline: bool
    highest_bandwidth: bool
    base_url: str = ""
    write_dash: bool = True
    write_hls: bool = False
    integer_durations: bool = False
    rfc_4281: bool = True
    legacy_target_duration: bool = True
    resolution_in_manifest: bool = True
    gzip_manifests: bool = False
    client_cache: bool = True
    hbbtv: bool = False
    manifests: tuple[AdditionalManifest, ...] = ()
    abr: AutomatedAbr | None = None


Group = FileGroup | HlsGroup | FragmentedGroup


@dataclass(frozen=True)
class ConversionPlan:
    inputs: tuple[Input, ...]
    groups: tuple[Group, ...]
    warnings: tuple[str, ...] = ()  # settings accepted without effect
    followed: int = 0  # place of the input whose size and rate outputs follow
    timeline: Timeline = Timeline("ZEROBASED")

    @property
    def input(self) -> Input:
        """The input that names the outputs."""
        return self.inputs[0]

    @property
    def outputs(self) -> tuple[Output, ...]:
        return tuple(output for group in self.groups for output in group.outputs)

    @property
    def external_sounds(self) -> tuple[S3Location, ...]:
        """Files that outputs take sound from, beside the inputs."""
        if not any(output.audio for output in self.outputs):
            return ()
        selectors = (selector for source in self.inputs for selector in source.audio_selectors.values())
        return tuple(dict.fromkeys(found.external for found in selectors if found.external is not None))
