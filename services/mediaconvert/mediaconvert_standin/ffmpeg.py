"""Transcode → ffmpeg's argument vector. Pure; nothing a stranger typed reaches it."""

from __future__ import annotations

from collections.abc import Sequence

from mediaconvert_standin.graph import build_graph
from mediaconvert_standin.muxers import Bundle, bundle
from mediaconvert_standin.plan import FrameCapture, RateControl, VideoEncoder
from mediaconvert_standin.sniff import Container
from mediaconvert_standin.transcode import AudioTask, OutputTask, Transcode, VideoTask

INPUT_NAME = "in0.bin"
MAX_PIXELS = 8192 * 4320
MAX_ALLOCATION = 512 * 1024 * 1024  # one block; a 10-bit 4:4:4 frame of MAX_PIXELS is 212 MB
MAX_STREAMS = 64
PROGRESS_PERIOD = 0.25  # seconds
MAX_MEDIA_SECONDS = 14 * 3600
LENGTH_MARGIN = 60.0  # seconds past the declared length, for containers that only estimate it

_MAIN_VIDEO = "0:V:0"  # V is video without cover art
_PRESETS = {"SINGLE_PASS": "veryfast", "SINGLE_PASS_HQ": "medium", "MULTI_PASS_HQ": "slow"}
_H264_PROFILES = {
    "BASELINE": "baseline",
    "MAIN": "main",
    "HIGH": "high",
    "HIGH_10BIT": "high10",
    "HIGH_422": "high422",
    "HIGH_422_10BIT": "high422",
}
_H265_PROFILES = {"MAIN10": "main10", "MAIN": "main"}
_AAC_QUALITY = {"LOW": "0.8", "MEDIUM_LOW": "1.2", "MEDIUM_HIGH": "1.6", "HIGH": "2"}
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_TAGS = {"AVC1": "avc1", "AVC3": "avc3", "HVC1": "hvc1", "HEV1": "hev1"}


def arguments(transcode: Transcode, container: Container) -> list[str]:
    """Arguments for one run that decodes once and writes every output into the current folder."""
    bundles = bundle(transcode.outputs)
    statements, pictures, sounds = _graph([member.first for member in bundles])
    argv = [*_global_options(), *_input_options(container)]
    if statements:
        argv += ["-filter_complex", ";".join(statements)]
    limit = _length_limit(transcode)
    for member in bundles:
        argv += _encoded(member, pictures.get(member.first.name), sounds)
        argv += ["-t", f"{limit:.3f}", *member.arguments]
    return argv


def _graph(outputs: Sequence[OutputTask]) -> tuple[list[str], dict[str, str], dict[tuple[str, int], str]]:
    """Statements, and the graph's ends by output name: one for the picture, one for each audio description.

    Sound goes through the same graph as the picture. In graphs of its own, a burst of inserted silence
    blocks ffmpeg's scheduler for good: the audio graph waits for its turn, the demuxer for the audio graph.
    But the shared graph waits for the first frame of each, so sound that starts much later than the
    picture is left out of it, and not filled with silence.
    """
    statements: list[str] = []
    pictures: dict[str, str] = {}
    shown = [(output.name, output.video) for output in outputs if output.video is not None]
    if shown:
        # The display matrix would be copied to the outputs, whose pixels are already upright.
        chains = [("sidedata=mode=delete:type=DISPLAYMATRIX", *video.filters) for _, video in shown]
        made, ends = build_graph(chains, _MAIN_VIDEO)
        statements += made
        pictures = {name: end for (name, _), end in zip(shown, ends, strict=True)}
    sounds: dict[tuple[str, int], str] = {}
    heard = [
        (output.name, index, audio)
        for output in outputs
        for index, audio in enumerate(output.audio)
        if audio.with_picture
    ]
    for track in sorted({audio.track for _, _, audio in heard}):
        users = [item for item in heard if item[2].track == track]
        made, ends = build_graph([_audio_filters(audio) for _, _, audio in users], f"0:a:{track}", sound=True)
        statements += made
        sounds |= {(name, index): end for (name, index, _), end in zip(users, ends, strict=True)}
    return statements, pictures, sounds


def _global_options() -> list[str]:
    return [
        *("-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats"),
        *("-progress", "pipe:1", "-stats_period", str(PROGRESS_PERIOD)),
        *("-max_alloc", str(MAX_ALLOCATION)),
    ]


def _input_options(container: Container) -> list[str]:
    return [
        "-noautorotate",
        *("-protocol_whitelist", "file", "-format_whitelist", container.whitelist),
        *("-max_streams", str(MAX_STREAMS), "-max_pixels", str(MAX_PIXELS)),
        *("-f", container.demuxer, "-i", f"file:{INPUT_NAME}"),
    ]


def _length_limit(transcode: Transcode) -> float:
    declared = transcode.media.duration
    return MAX_MEDIA_SECONDS if declared is None else min(MAX_MEDIA_SECONDS, 2 * declared + LENGTH_MARGIN)


def _encoded(member: Bundle, picture: str | None, sounds: dict[tuple[str, int], str]) -> list[str]:
    output = member.first
    flags = "+bitexact+global_header" if member.global_header else "+bitexact"
    argv: list[str] = []
    if output.video is not None and picture is not None:
        argv += ["-map", f"[{picture}]", *_video(output.video, output.output.container), "-flags:v", flags]
    for index, audio in enumerate(output.audio):
        end = sounds.get((output.name, index))
        if end is not None:
            argv += ["-map", f"[{end}]", *_audio(audio, index)]
        else:
            argv += ["-map", f"0:a:{audio.track}", *_audio(audio, index), f"-filter:a:{index}", _resampled(audio)]
        argv += [f"-flags:a:{index}", flags]
    return [*argv, "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]


def _video(video: VideoTask, container: str) -> list[str]:
    encoder = video.encoder
    if isinstance(encoder, FrameCapture):
        quality = min(31, max(1, round((100 - encoder.quality) / 5)))
        frames = ["-fps_mode", "vfr", "-frames:v", str(encoder.max_captures)]
        return ["-c:v", "mjpeg", "-q:v", str(quality), *frames]
    argv = _h264(encoder, video, container) if encoder.codec == "H_264" else _h265(encoder, video, container)
    if video.force_key_frames_every is not None:
        argv += ["-force_key_frames", f"expr:gte(t,n_forced*{video.force_key_frames_every:g})"]
    return [*argv, "-preset", _PRESETS[encoder.tuning], "-g", str(video.gop_frames), "-fps_mode", "cfr"]


def _h264(encoder: VideoEncoder, video: VideoTask, container: str) -> list[str]:
    params = [f"open-gop={0 if encoder.closed_gop else 1}"]
    params.append(f"b-pyramid={'normal' if encoder.b_reference else 'none'}")
    if not encoder.adaptive_b_frames:
        params.append("b-adapt=0")
    if encoder.rate_control.mode == "CBR":
        params += ["nal-hrd=cbr", "force-cfr=1"]
    if encoder.rate_control.initial_fill is not None:
        params.append(f"vbv-init={max(1, encoder.rate_control.initial_fill) / 100:g}")
    argv = ["-c:v", "libx264", "-profile:v", _H264_PROFILES[encoder.profile]]
    argv += _rate(encoder.rate_control, video, crf_base=36)
    argv += _structure(encoder, video)
    if encoder.cavlc:
        argv += ["-coder", "vlc"]
    if encoder.packaging in _TAGS and container in ("MP4", "MOV"):
        argv += ["-tag:v", _TAGS[encoder.packaging]]
    return [*argv, "-x264-params", ":".join(params)]


def _h265(encoder: VideoEncoder, video: VideoTask, container: str) -> list[str]:
    params = ["log-level=error", f"open-gop={0 if encoder.closed_gop else 1}"]
    if video.fixed_gop or not encoder.scene_change:
        params.append("scenecut=0")
    argv = ["-c:v", "libx265", "-profile:v", _H265_PROFILES[encoder.profile.partition("_")[0]]]
    argv += _rate(encoder.rate_control, video, crf_base=40)
    if container in ("MP4", "MOV"):
        argv += ["-tag:v", _TAGS.get(encoder.packaging or "HVC1", "hvc1")]
    if encoder.b_frames is not None:
        argv += ["-bf", str(encoder.b_frames)]
    return [*argv, "-x265-params", ":".join(params)]


def _rate(control: RateControl, video: VideoTask, crf_base: int) -> list[str]:
    """QVBR is a quality target under a ceiling: CRF with a VBV. Levels 1-10 fall by 2 CRF each."""
    ceiling = control.bitrate if control.mode == "CBR" else control.max_bitrate
    if ceiling is None:
        ceiling = 2 * (control.bitrate or 0)
    argv = ["-maxrate", str(ceiling), "-bufsize", str(control.buffer_size or 2 * ceiling)]
    if control.mode != "QVBR":
        return ["-b:v", str(control.bitrate), *argv]
    level = control.quality_level if control.quality_level is not None else default_quality_level(video.height)
    return ["-crf", f"{crf_base - 2 * level:.2f}", *argv]


def default_quality_level(height: int) -> int:
    """QVBR level when the job names none."""
    return 7 if height <= 480 else 8 if height <= 720 else 9


def _structure(encoder: VideoEncoder, video: VideoTask) -> list[str]:
    argv: list[str] = []
    if video.fixed_gop:
        # Rungs of a ladder must have key frames at the same places, whatever each one's pictures suggest.
        argv += ["-keyint_min", str(video.gop_frames), "-sc_threshold", "0"]
    elif not encoder.scene_change:
        argv += ["-sc_threshold", "0"]
    elif encoder.min_i_interval:
        argv += ["-keyint_min", str(encoder.min_i_interval)]
    numbers = {"-bf": encoder.b_frames, "-refs": encoder.reference_frames, "-slices": encoder.slices}
    if encoder.profile == "BASELINE":
        numbers["-bf"] = 0
    for option, number in numbers.items():
        if number is not None:
            argv += [option, str(number)]
    return argv if encoder.level is None else [*argv, "-level:v", encoder.level]


def _resampled(audio: AudioTask, options: str = "") -> str:
    layout = f",aformat=channel_layouts={_LAYOUTS[audio.channels]}" if audio.channels in _LAYOUTS else ""
    return f"aresample={audio.settings.sample_rate}{options}{layout}"


def _audio_filters(audio: AudioTask) -> tuple[str, ...]:
    # Silence where the track starts late or has holes: sound must stay with the picture.
    filters = [_resampled(audio, ":async=1:first_pts=0")]
    if audio.offset_ms > 0:
        filters.append(f"adelay={audio.offset_ms}:all=1")
    elif audio.offset_ms < 0:
        filters.append(f"atrim=start={-audio.offset_ms / 1000:.3f},asetpts=PTS-STARTPTS")
    return tuple(filters)


def _audio(audio: AudioTask, index: int) -> list[str]:
    argv = [f"-c:a:{index}", "aac"]
    if audio.settings.vbr_quality is not None:
        argv += [f"-q:a:{index}", _AAC_QUALITY[audio.settings.vbr_quality]]
    else:
        argv += [f"-b:a:{index}", str(audio.bitrate)]
    if audio.language is not None:
        argv += [f"-metadata:s:a:{index}", f"language={audio.language}"]
    return argv
