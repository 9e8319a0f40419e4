"""Plan + media → everything ffmpeg must do, with real sizes, rates and names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mediaconvert_standin.errors import InvalidMedia, NoAudioDecoded
from mediaconvert_standin.inspection.media import Media
from mediaconvert_standin.job_settings.outputs import many_tracks
from mediaconvert_standin.job_settings.plan import (
    BurnInStyle,
    CaptionOutput,
    ConversionPlan,
    FileGroup,
    FragmentedGroup,
    FrameCapture,
    Group,
    Output,
    Passthrough,
    S3Location,
    S3Options,
    Video,
    VideoEncoder,
)
from mediaconvert_standin.transcoding.abr import expand
from mediaconvert_standin.transcoding.geometry import Picture
from mediaconvert_standin.transcoding.naming import (
    Identifiers,
    SegmentNames,
    destination_base,
    extension_of,
    job_identifiers,
    uncounted,
)
from mediaconvert_standin.transcoding.passthrough import check_picture, check_sound
from mediaconvert_standin.transcoding.pictures import (
    Stage,
    VideoTask,
    checked_track,
    follow,
    plan_picture,
    source_picture,
)
from mediaconvert_standin.transcoding.pieces import Piece, cut, picture_seconds
from mediaconvert_standin.transcoding.sounds import AudioTask, each_track, plan_sound


@dataclass(frozen=True)
class OutputTask:
    """One output. ``name`` is its local file stem; ``key`` its object key without extension."""

    name: str
    bucket: str
    key: str
    output: Output
    video: VideoTask | None
    audio: tuple[AudioTask, ...]
    captions: CaptionOutput | None = None  # of a sidecar output
    segment_seconds: float = 0.0  # where ffmpeg may cut, just before a key frame
    segments: SegmentNames = field(default=SegmentNames(()))  # of DASH and CMAF
    identifiers: Identifiers = field(default=Identifiers({}), compare=False)

    @property
    def extension(self) -> str:
        return self.output.extension or extension_of(self.output)

    @property
    def location(self) -> S3Location:
        return S3Location(self.bucket, f"{self.key}.{self.extension}")

    @property
    def encoded(self) -> bool:
        """Does ffmpeg make it?"""
        return self.video is not None or bool(self.audio)


@dataclass(frozen=True)
class GroupTask:
    group: Group
    base: S3Location
    outputs: tuple[OutputTask, ...]

    @property
    def s3(self) -> S3Options:
        return self.group.s3


@dataclass(frozen=True)
class BurnInFile:
    """A caption file that ffmpeg burns in: captions of one selector in one style for one frame size."""

    name: str
    selector: str | None
    style: BurnInStyle
    width: int
    height: int


@dataclass
class _Files:
    """Local files that filters read, each made once however many outputs use it."""

    captions: list[BurnInFile] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)

    def caption(self, selector: str | None, style: BurnInStyle, size: tuple[int, int]) -> str:
        found = next(
            (f for f in self.captions if (f.selector, f.style, (f.width, f.height)) == (selector, style, size)), None
        )
        if found is None:
            found = BurnInFile(f"captions{len(self.captions)}.ass", selector, style, *size)
            self.captions.append(found)
        return found.name

    def prefix(self, text: str) -> str | None:
        if not text:
            return None
        if text not in self.prefixes:
            self.prefixes.append(text)
        return f"prefix{self.prefixes.index(text)}.txt"


@dataclass(frozen=True)
class Transcode:
    pieces: tuple[Piece, ...]
    groups: tuple[GroupTask, ...]
    images: tuple[S3Location, ...] = ()  # ffmpeg's inputs after the pieces
    sounds: tuple[Media, ...] = ()  # and those after the images
    burn_ins: tuple[BurnInFile, ...] = ()
    prefixes: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[OutputTask, ...]:
        return tuple(output for group in self.groups for output in group.outputs)

    @property
    def seconds(self) -> float | None:
        """Length of the programme, None when an input does not say its own."""
        known = [piece.seconds for piece in self.pieces]
        return None if None in known else sum(seconds for seconds in known if seconds is not None)


def resolve(
    plan: ConversionPlan, medias: Sequence[Media], started: datetime, sounds: Sequence[Media] = ()
) -> Transcode:
    """``medias`` has one element for each input, ``sounds`` one for each of the plan's external sounds.

    Raises the JobErrors of settings that do not fit the media.
    """
    return _Resolver(plan, medias, started, sounds).resolve()


class _Resolver:
    def __init__(
        self, plan: ConversionPlan, medias: Sequence[Media], started: datetime, sounds: Sequence[Media]
    ) -> None:
        self._plan = plan
        self._sounds = sounds
        self._externals = dict(zip(plan.external_sounds, sounds, strict=True))
        self._pieces = cut(plan.inputs, medias)
        followed = follow(self._pieces, plan.followed)
        if any(output.video for output in plan.outputs):
            for source, media in zip(plan.inputs, medias, strict=True):
                checked_track(source, media)
        self._images = _image_locations(plan)
        places = {location: len(self._pieces) + place for place, location in enumerate(self._images)}
        self._stage = Stage(plan, self._pieces, places, followed.main_video)
        self._identifiers = job_identifiers(started, plan.input.source)
        self._files = _Files()
        self._ordinal = 0

    def resolve(self) -> Transcode:
        groups = tuple(self._group(group) for group in self._plan.groups)
        _check_paths(self._plan, groups)
        files = self._files
        sounds = tuple(self._externals.values())
        return Transcode(self._pieces, groups, self._images, sounds, tuple(files.captions), tuple(files.prefixes))

    def _group(self, group: Group) -> GroupTask:
        base = destination_base(group.destination, self._plan.input.source, Identifiers(self._identifiers))
        if not isinstance(group, FileGroup) and group.abr is not None and self._stage.followed is not None:
            group = replace(group, outputs=expand(group.outputs, group.abr, self._shown, joined=len(self._pieces) > 1))
        outputs = [self._output(group, base, output) for output in group.outputs]
        return GroupTask(group, base, tuple(_with_common_cuts(group, outputs)))

    def _shown(self, video: Video) -> Picture:
        return source_picture(self._stage, video)

    def _output(self, group: Group, base: S3Location, output: Output) -> OutputTask:
        self._ordinal += 1
        video = self._video(group, output)
        length = picture_seconds(self._pieces) if video is not None and output.match_video_duration else None
        audio = self._audio(output, length)
        self._check_copies(output, audio)
        if video is None and not audio and output.sidecar is None:
            raise NoAudioDecoded("No audio frames decoded on [selector-(default)-track-1-drc]")
        identifiers = Identifiers(self._identifiers | _output_values(group, output, video, audio))
        dash = isinstance(group, FragmentedGroup) and group.kind == "DASH"
        modifier = identifiers.counted(output.name_modifier) if dash else (identifiers.resolve(output.name_modifier),)
        return OutputTask(
            name=f"out{self._ordinal}",
            bucket=base.bucket,
            key=base.key + uncounted(modifier),
            output=output,
            video=video,
            audio=audio,
            captions=output.sidecar,
            segment_seconds=_segment_seconds(group, video) if video is not None else 0.0,
            segments=SegmentNames.of(base.key, modifier),
            identifiers=identifiers,
        )

    def _check_copies(self, output: Output, audio: Sequence[AudioTask]) -> None:
        """Passthrough is of one whole input."""
        track = self._pieces[0].media.main_video
        if output.video is not None and isinstance(output.video.encoder, Passthrough) and track is not None:
            check_picture(track, output.container, self._ordinal)
        for task in audio:
            source = task.sources[0]
            if not task.copied or source is None:
                continue
            media = self._pieces[0].media if source.external is None else self._sounds[source.external]
            check_sound(media.audio[source.tracks[0]], output.container, self._ordinal)

    def _audio(self, output: Output, picture_seconds: float | None) -> tuple[AudioTask, ...]:
        inputs, pieces, externals = self._plan.inputs, self._pieces, self._externals
        wanted = [one for item in output.audio for one in each_track(inputs, pieces, item)]
        if len(wanted) > 1 and not many_tracks(output.container, output.video):
            raise InvalidMedia(
                f"A dynamic audio selector finds {len(wanted)} tracks, and a {output.container} output can have one."
            )
        found = (plan_sound(inputs, pieces, one, externals, picture_seconds=picture_seconds) for one in wanted)
        return tuple(task for task in found if task is not None)

    def _video(self, group: Group, output: Output) -> VideoTask | None:
        if output.video is None:
            return None
        prefix = self._files.prefix(output.video.burnin.prefix) if output.video.burnin else None
        task = plan_picture(self._stage, output.video, self._ordinal, group, captions=None, prefix=prefix)
        burn_in = next((caption for caption in output.captions if caption.format == "BURN_IN"), None)
        if burn_in is None:
            return task
        file = self._files.caption(burn_in.selector, burn_in.style, (task.width, task.height))
        return plan_picture(self._stage, output.video, self._ordinal, group, captions=file, prefix=prefix)


def _image_locations(plan: ConversionPlan) -> tuple[S3Location, ...]:
    used = [image.location for source in plan.inputs for image in source.images]
    used += [image.location for output in plan.outputs if output.video for image in output.video.images]
    return tuple(dict.fromkeys(used))


def _segment_seconds(group: Group, video: VideoTask) -> float:
    """Length of a segment (HLS) or fragment (DASH, CMAF): whole GOPs, less half a frame to meet the key frame."""
    if isinstance(group, FileGroup):
        return 0.0
    frame = 1 / float(video.rate)
    if isinstance(group, FragmentedGroup):
        wanted = min(group.fragment_length, group.segment_length)
    else:
        wanted = group.segment_length
    if group.exact_segments:
        return wanted - frame / 2
    return _whole_gops(video, wanted) - frame / 2


def _whole_gops(video: VideoTask, wanted: float) -> float:
    frame = 1 / float(video.rate)
    gop = video.gop_frames * frame
    return max(1, -int(-(wanted - frame / 2) // gop)) * gop


def _with_common_cuts(group: Group, outputs: list[OutputTask]) -> list[OutputTask]:
    """Sound and captions are cut where the first picture is."""
    if isinstance(group, FileGroup):
        return outputs
    first = next((output for output in outputs if output.video is not None), None)
    fallback = group.fragment_length if isinstance(group, FragmentedGroup) else group.segment_length
    seconds = float(fallback)
    if first is not None and first.video is not None:
        seconds = first.segment_seconds + 1 / float(first.video.rate) / 2
    return [output if output.video is not None else replace(output, segment_seconds=seconds) for output in outputs]


def _output_values(
    group: Group, output: Output, video: VideoTask | None, audio: tuple[AudioTask, ...]
) -> dict[str, str | int]:
    audio_bits = sum(task.bitrate for task in audio)
    video_bits = _video_bits(video)
    values: dict[str, str | int] = {"ra": audio_bits // 1000, "rc": audio_bits // 1000}
    values["ex"] = _extension_identifier(group, output)
    if isinstance(group, FragmentedGroup) and group.kind == "DASH":
        values["Bandwidth"] = video_bits + audio_bits
    if video is None:
        return values
    values |= {"w": video.width, "h": video.height, "f": int(video.rate)}
    if isinstance(video.encoder, VideoEncoder):
        values |= {"rv": video_bits // 1000, "rc": video_bits // 1000 + audio_bits // 1000}
    return values


def _video_bits(video: VideoTask | None) -> int:
    if video is None or not isinstance(video.encoder, VideoEncoder):
        return 0
    control = video.encoder.rate_control
    return (control.max_bitrate if control.mode == "QVBR" else control.bitrate) or 0


def _extension_identifier(group: Group, output: Output) -> str:
    """``$ex$``: the output's extension, in ABR groups that of the manifest."""
    if isinstance(group, FileGroup):
        return output.extension or extension_of(output)
    return "mpd" if isinstance(group, FragmentedGroup) and group.write_dash else "m3u8"


def _check_paths(plan: ConversionPlan, groups: tuple[GroupTask, ...]) -> None:
    sources = {source.source.uri for source in plan.inputs}
    seen: set[str] = set()
    for output in (output for group in groups for output in group.outputs):
        uri = output.location.uri
        if uri in sources or uri in seen:
            raise InvalidMedia(f"Duplicate input and output path [{uri}] found in job.")
        # Images are numbered: their keys are checked once they are known.
        if output.video is None or not isinstance(output.video.encoder, FrameCapture):
            seen.add(uri)
