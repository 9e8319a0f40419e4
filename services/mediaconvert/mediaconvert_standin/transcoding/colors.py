"""Colour: what a source's samples mean, and the filters that make them mean something else."""

from __future__ import annotations

from mediaconvert_standin.inspection.media import VideoTrack
from mediaconvert_standin.job_settings.plan import Color, Input

UNSPECIFIED = 2
_SD_LINES = 576
# (primaries, transfer, matrix) by the names of ffmpeg's setparams.
_SPACES = {
    "REC_601": ("smpte170m", "smpte170m", "smpte170m"),
    "REC_709": ("bt709", "bt709", "bt709"),
    "HDR10": ("bt2020", "smpte2084", "bt2020nc"),
    "HLG_2020": ("bt2020", "arib-std-b67", "bt2020nc"),
}
_TARGETS = {"FORCE_601": "REC_601", "FORCE_709": "REC_709"}
_HDR_TRANSFERS = {16, 18}  # H.273: SMPTE ST 2084, ARIB STD-B67
_TONE_MAPPERS = {"PRESERVE_DETAILS": "mobius", "VIBRANT": "hable"}
_ZSCALE_NAMES = {"bt709": "709", "smpte170m": "170m"}
_NEUTRAL = 50


def color_filters(source: Input, track: VideoTrack, color: Color) -> tuple[str, ...]:
    """Filters from the source's colours to the output's. Source: colorCorrector of the service model."""
    return (*_tags(source, track, color), *_conversion(source, track, color), *_correction(color))


def _tags(source: Input, track: VideoTrack, color: Color) -> tuple[str, ...]:
    tagged = all(number not in (0, UNSPECIFIED) for number in track.color[:3])
    space = source.color_space
    if space is None and not tagged and color.to != "NONE":
        space = "REC_709" if track.height > _SD_LINES else "REC_601"
    if space is None or (tagged and not source.color_forced):
        return ()
    primaries, transfer, matrix = _SPACES[space]
    return (f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}",)


def _conversion(source: Input, track: VideoTrack, color: Color) -> tuple[str, ...]:
    if color.to not in _TARGETS:
        return ()
    primaries, transfer, matrix = (_ZSCALE_NAMES[name] for name in _SPACES[_TARGETS[color.to]])
    to = f"p={primaries}:t={transfer}:m={matrix}:r=limited"
    if not _is_hdr(source, track):
        return (f"zscale={to}",)
    mapper = _TONE_MAPPERS.get(color.tone_mapper, "mobius")
    return (
        "zscale=t=linear:npl=100",
        "format=gbrpf32le",
        f"zscale=p={primaries}",
        f"tonemap={mapper}:desat=0",
        f"zscale=t={transfer}:m={matrix}:r=limited",
    )


def _is_hdr(source: Input, track: VideoTrack) -> bool:
    tagged = track.color[1] not in (0, UNSPECIFIED)
    if source.color_space is not None and (source.color_forced or not tagged):
        return source.color_space in ("HDR10", "HLG_2020")
    return track.color[1] in _HDR_TRANSFERS


def _correction(color: Color) -> tuple[str, ...]:
    filters = []
    if (color.brightness, color.contrast, color.saturation) != (_NEUTRAL, _NEUTRAL, _NEUTRAL):
        # 1 to 100 with 50 neutral; ffmpeg counts brightness from -1 to 1, the others as factors.
        brightness = (color.brightness - _NEUTRAL) / 100
        filters.append(
            f"eq=brightness={brightness:g}:contrast={color.contrast / _NEUTRAL:g}"
            f":saturation={color.saturation / _NEUTRAL:g}"
        )
    if color.hue:
        filters.append(f"hue=h={color.hue}")
    return tuple(filters)
