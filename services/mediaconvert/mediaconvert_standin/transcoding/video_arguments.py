"""A picture's encoder, and its settings in the words of ffmpeg's encoders."""

from __future__ import annotations

from collections.abc import Callable

from mediaconvert_standin.job_settings.plan import FrameCapture, Passthrough, RateControl, VideoEncoder
from mediaconvert_standin.transcoding.pictures import VideoTask

MAX_PIXELS = 8192 * 4320

_PRESETS = {"SINGLE_PASS": "veryfast", "SINGLE_PASS_HQ": "medium", "MULTI_PASS_HQ": "slow"}
_SVT_AV1_PRESETS = {"SINGLE_PASS": "10", "SINGLE_PASS_HQ": "8", "MULTI_PASS_HQ": "6"}
_VPX_SPEEDS = {"SINGLE_PASS": "6", "MULTI_PASS": "5", "MULTI_PASS_HQ": "4"}
_H264_PROFILES = {
    "BASELINE": "baseline",
    "MAIN": "main",
    "HIGH": "high",
    "HIGH_10BIT": "high10",
    "HIGH_422": "high422",
    "HIGH_422_10BIT": "high422",
}
_H265_PROFILES = {"MAIN10": "main10", "MAIN": "main"}
_PRORES_PROFILES = {
    "APPLE_PRORES_422_PROXY": "0",
    "APPLE_PRORES_422_LT": "1",
    "APPLE_PRORES_422": "2",
    "APPLE_PRORES_422_HQ": "3",
    "APPLE_PRORES_4444": "4",
    "APPLE_PRORES_4444_XQ": "5",
}
_TAGS = {"AVC1": "avc1", "AVC3": "avc3", "HVC1": "hvc1", "HEV1": "hev1"}
_ISO = ("MP4", "MOV", "MPD", "CMFC")
# CRF is base - step * level: H.264 and H.265 halve the noise about every 6, AV1's scale is finer.
_X264_CRF, _X265_CRF, _SVT_CRF = (36.0, 2.0), (40.0, 2.0), (60.0, 3.0)
_MAX_SVT_RATE = 100_000_000  # bit/s, of libsvtav1's maxrate


def encoder_arguments(video: VideoTask, container: str) -> list[str]:
    """``-c:v`` and all that follows it."""
    encoder = video.encoder
    if isinstance(encoder, Passthrough):
        return ["-c:v", "copy"]
    if isinstance(encoder, FrameCapture):
        quality = min(31, max(1, round((100 - encoder.quality) / 5)))
        frames = ["-fps_mode", "vfr", "-frames:v", str(encoder.max_captures)]
        return ["-c:v", "mjpeg", "-q:v", str(quality), *frames]
    argv = _ENCODERS[encoder.codec](encoder, video, container)
    if video.force_key_frames_every is not None:
        argv += ["-force_key_frames", f"expr:gte(t,n_forced*{video.force_key_frames_every:g})"]
    if encoder.codec not in ("GIF", "PRORES"):
        argv += ["-g", str(video.gop_frames)]
    return [*argv, "-fps_mode", "cfr"]


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
    argv += _rate(encoder.rate_control, video, _X264_CRF)
    argv += _structure(encoder, video)
    if encoder.cavlc:
        argv += ["-coder", "vlc"]
    if encoder.packaging in _TAGS and container in _ISO:
        argv += ["-tag:v", _TAGS[encoder.packaging]]
    return [*argv, "-x264-params", ":".join(params), "-preset", _PRESETS[encoder.tuning]]


def _h265(encoder: VideoEncoder, video: VideoTask, container: str) -> list[str]:
    params = ["log-level=error", f"open-gop={0 if encoder.closed_gop else 1}"]
    if video.fixed_gop or not encoder.scene_change:
        params.append("scenecut=0")
    if video.fixed_gop:
        params.append(f"min-keyint={video.gop_frames}")
    if encoder.rate_control.mode == "CBR":
        params.append("strict-cbr=1")
    if encoder.level is not None:
        params.append(f"level-idc={encoder.level}")
    argv = ["-c:v", "libx265", "-profile:v", _H265_PROFILES[encoder.profile.partition("_")[0]]]
    argv += _rate(encoder.rate_control, video, _X265_CRF)
    if container in _ISO:
        argv += ["-tag:v", _TAGS.get(encoder.packaging or "HVC1", "hvc1")]
    if encoder.b_frames is not None:
        argv += ["-bf", str(encoder.b_frames)]
    return [*argv, "-x265-params", ":".join(params), "-preset", _PRESETS[encoder.tuning]]


def _av1(encoder: VideoEncoder, video: VideoTask, _container: str) -> list[str]:
    control = encoder.rate_control
    crf = min(63, max(1, round(_crf(control, video, _SVT_CRF))))
    argv = ["-c:v", "libsvtav1", "-crf", str(crf)]
    if control.max_bitrate is not None:
        argv += ["-maxrate", str(min(control.max_bitrate, _MAX_SVT_RATE))]
    return [*argv, "-preset", _SVT_AV1_PRESETS.get(encoder.tuning, "10")]


def _vpx(encoder: VideoEncoder, _video: VideoTask, _container: str) -> list[str]:
    control = encoder.rate_control
    argv = ["-c:v", "libvpx" if encoder.codec == "VP8" else "libvpx-vp9", "-b:v", str(control.bitrate or 0)]
    if control.max_bitrate is not None:
        argv += ["-maxrate", str(control.max_bitrate)]
    if control.buffer_size is not None:
        argv += ["-bufsize", str(control.buffer_size)]
    if encoder.codec == "VP9":
        argv += ["-row-mt", "1"]
    return [*argv, "-deadline", "good", "-cpu-used", _VPX_SPEEDS.get(encoder.tuning, "6")]


def _mpeg2(encoder: VideoEncoder, video: VideoTask, _container: str) -> list[str]:
    control = encoder.rate_control
    ceiling = control.bitrate if control.mode == "CBR" else control.max_bitrate or 2 * (control.bitrate or 0)
    argv = ["-c:v", "mpeg2video", "-b:v", str(control.bitrate), "-maxrate", str(ceiling)]
    argv += ["-bufsize", str(control.buffer_size or 2 * (ceiling or 0))]
    if control.mode == "CBR":
        argv += ["-minrate", str(control.bitrate)]
    if encoder.b_frames is not None:
        argv += ["-bf", str(encoder.b_frames)]
    return [*argv, "-sc_threshold", "1000000000"] if video.fixed_gop or not encoder.scene_change else argv


def _prores(encoder: VideoEncoder, _video: VideoTask, _container: str) -> list[str]:
    return ["-c:v", "prores_ks", "-profile:v", _PRORES_PROFILES[encoder.profile]]


def _gif(_encoder: VideoEncoder, _video: VideoTask, _container: str) -> list[str]:
    return ["-c:v", "gif"]


def _crf(control: RateControl, video: VideoTask, scale: tuple[float, float]) -> float:
    level = control.quality_level if control.quality_level is not None else default_quality_level(video.height)
    return scale[0] - scale[1] * level


def _rate(control: RateControl, video: VideoTask, scale: tuple[float, float]) -> list[str]:
    """QVBR is a quality target under a ceiling: CRF with a VBV."""
    ceiling = control.bitrate if control.mode == "CBR" else control.max_bitrate
    if ceiling is None:
        ceiling = 2 * (control.bitrate or 0)
    argv = ["-maxrate", str(ceiling), "-bufsize", str(control.buffer_size or 2 * ceiling)]
    if control.mode != "QVBR":
        return ["-b:v", str(control.bitrate), *argv]
    return ["-crf", f"{_crf(control, video, scale):.2f}", *argv]


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


_Arguments = Callable[[VideoEncoder, VideoTask, str], list[str]]
_ENCODERS: dict[str, _Arguments] = {
    "AV1": _av1,
    "GIF": _gif,
    "H_264": _h264,
    "H_265": _h265,
    "MPEG2": _mpeg2,
    "PRORES": _prores,
    "VP8": _vpx,
    "VP9": _vpx,
}
