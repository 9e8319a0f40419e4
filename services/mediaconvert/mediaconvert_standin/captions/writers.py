"""Writing captions: WebVTT whole or in segments, SubRip, TTML, SAMI, and ASS for burning in."""

from __future__ import annotations

import html
from collections.abc import Sequence

from mediaconvert_standin.captions.cues import Cue
from mediaconvert_standin.job_settings.plan import BurnInStyle

_LINES_PER_HEIGHT = 18  # an automatic font is this part of the picture's height
MPEG_CLOCK = 90_000  # Hz


def write_captions(kind: str, cues: Sequence[Cue], language: str | None) -> str:
    """A whole file; ``kind`` is a CaptionDestinationType."""
    if kind == "SRT":
        return _srt(cues)
    if kind == "WEBVTT":
        return webvtt(cues)
    return _smi(cues) if kind == "SMI" else _ttml(cues, language)


def webvtt(cues: Sequence[Cue], first_pts: int | None = None) -> str:
    """``first_pts`` (90 kHz) is where the pictures of HLS segments start."""
    head = ["WEBVTT"]
    if first_pts is not None:
        head.append(f"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{first_pts}")
    blocks = ["\n".join(head)]
    for cue in cues:
        text = "\n".join(html.escape(line, quote=False) for line in cue.lines)
        blocks.append(f"{_clock(cue.start)} --> {_clock(cue.end)}\n{text}")
    return "\n\n".join(blocks) + "\n"


def during(cues: Sequence[Cue], start: float, end: float) -> list[Cue]:
    """Cues that are to be seen in a span: a segment repeats those that began before it (RFC 8216, 3.5)."""
    return [cue for cue in cues if cue.start < end and cue.end > start]


def _clock(seconds: float, point: str = ".") -> str:
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{rest:03d}"


def _srt(cues: Sequence[Cue]) -> str:
    blocks = []
    for number, cue in enumerate(cues, start=1):
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        blocks.append("\n".join([str(number), times, *cue.lines]))
    return "\n\n".join(blocks) + "\n"


def _ttml(cues: Sequence[Cue], language: str | None) -> str:
    paragraphs = [
        f'      <p begin="{_clock(cue.start)}" end="{_clock(cue.end)}">'
        f"{'<br/>'.join(html.escape(line, quote=False) for line in cue.lines)}</p>"
        for cue in cues
    ]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="{language or ""}">',
        "  <body>",
        "    <div>",
        *paragraphs,
        "    </div>",
        "  </body>",
        "</tt>",
    ]
    return "\n".join([*lines, ""])


def _smi(cues: Sequence[Cue]) -> str:
    lines = ["<SAMI>", "<HEAD></HEAD>", "<BODY>"]
    for cue in cues:
        text = "<br>".join(html.escape(line, quote=False) for line in cue.lines)
        lines.append(f"<SYNC Start={round(cue.start * 1000)}><P>{text}")
        lines.append(f"<SYNC Start={round(cue.end * 1000)}><P>&nbsp;")
    return "\n".join([*lines, "</BODY>", "</SAMI>", ""])


def ass(cues: Sequence[Cue], style: BurnInStyle, width: int, height: int) -> str:
    """A script for libass. Text can not bring styles of its own: its braces and backslashes are replaced."""
    size = style.font_size or max(8, height // _LINES_PER_HEIGHT)
    boxed = style.background_color is not None
    fields = [
        "Default",
        "Sans",
        str(size),
        _ass_color(style.color, style.opacity),
        _ass_color(style.color, style.opacity),
        _ass_color(style.background_color or style.outline_color, style.background_opacity if boxed else 255),
        _ass_color(style.shadow_color or "000000", 255),
        *("0", "0", "0", "0", "100", "100", "0", "0"),
        "3" if boxed else "1",
        str(style.outline_size),
        "1" if style.shadow_color else "0",
        "1" if style.left else "2",
        *("16", "16", str(max(8, height // 20)), "1"),
    ]
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
        "WrapStyle: 0",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding",
        f"Style: {','.join(fields)}",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]
    place = f"{{\\an7\\pos({style.x},{style.y})}}" if style.x is not None and style.y is not None else ""
    for cue in cues:
        text = "\\N".join(_ass_text(line) for line in cue.lines)
        lines.append(f"Dialogue: 0,{_ass_clock(cue.start)},{_ass_clock(cue.end)},Default,,0,0,0,,{place}{text}")
    return "\n".join([*lines, ""])


def _ass_clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    whole, rest = divmod(hundredths, 100)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:02d}"


def _ass_color(rgb: str, opacity: int) -> str:
    return f"&H{255 - opacity:02X}{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}".upper()


def _ass_text(line: str) -> str:
    return line.replace("\\", "/").replace("{", "(").replace("}", ")")
