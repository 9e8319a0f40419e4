"""Reading caption files: SubRip, WebVTT, TTML, SAMI, Scenarist (SCC) and EBU STL.

The files are a stranger's: they are capped in size and number of cues, XML with a document type is refused,
nothing in them is followed, and only plain text and times are taken.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from mediaconvert_standin.captions.cues import Cue
from mediaconvert_standin.job_settings.timecodes import Timecode

MAX_BYTES = 10 * 1024 * 1024
MAX_CUES = 50_000
MAX_LINES = 16  # of one cue
MAX_XML_DEPTH = 64
LAST_CUE_SECONDS = 4.0  # a SAMI or SCC caption that nothing ends

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_TAG = re.compile(r"<[^<>]{0,200}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SMI_SYNC = re.compile(r"<sync[^<>]{0,80}?start\s*=\s*[\"']?(\d{1,9})", re.IGNORECASE)
_SCC_LINE = re.compile(r"(\d{2}:\d{2}:\d{2}[:;]\d{2})\s+((?:[0-9a-fA-F]{4}\s*)+)")
_SCC_RATE = Fraction(30000, 1001)


class CaptionError(ValueError):
    """The file is not what its kind says."""


def read_captions(kind: str, data: bytes) -> list[Cue]:
    """``kind`` is a CaptionSourceType. Raises CaptionError."""
    if len(data) > MAX_BYTES:
        raise CaptionError(f"a caption file has at most {MAX_BYTES} bytes")
    reader = _READERS[kind]
    cues: list[Cue] = []
    for cue in reader(data):
        if len(cues) >= MAX_CUES:
            raise CaptionError(f"a caption file has at most {MAX_CUES} captions")
        if cue.end > cue.start and cue.lines:
            cues.append(cue)
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise CaptionError("the captions are not UTF-8") from error


def _lines(text: str) -> tuple[str, ...]:
    plain = html.unescape(_TAG.sub("", text))
    lines = (_CONTROL.sub("", line).strip() for line in plain.split("\n"))
    return tuple(line for line in lines if line)[:MAX_LINES]


def _clock(text: str) -> float | None:
    found = _CLOCK.match(text.strip())
    if found is None:
        return None
    hours, minutes, seconds, fraction = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _timed_blocks(text: str) -> Iterator[Cue]:
    """Blocks with a line ``start --> end``, as SubRip and WebVTT have them."""
    found = False
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        for index, line in enumerate(lines[:2]):
            start, arrow, rest = line.partition("-->")
            begin, end = _clock(start), _clock(rest)
            if arrow and begin is not None and end is not None:
                found = True
                yield Cue(begin, end, _lines("\n".join(lines[index + 1 :])))
                break
    if not found and text.strip() and not text.startswith("WEBVTT"):
        raise CaptionError("no captions were found")


def _srt(data: bytes) -> Iterator[Cue]:
    text = _text(data)
    if text.startswith("WEBVTT"):
        raise CaptionError("these are WebVTT captions")
    yield from _timed_blocks(text)


def _webvtt(data: bytes) -> Iterator[Cue]:
    text = _text(data)
    if not text.startswith("WEBVTT"):
        raise CaptionError("WebVTT captions start with WEBVTT")
    yield from _timed_blocks(text)


class _NoDoctype(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - expat's shape
        raise CaptionError("a document type is not allowed in captions")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > MAX_XML_DEPTH:
            raise CaptionError("the captions are nested too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _ttml(data: bytes) -> Iterator[Cue]:
    # Entities can only be declared in a document type; its first bytes are looked for in every encoding XML knows.
    if b"<!DOCTYPE" in data.replace(b"\x00", b"") or b"<!ENTITY" in data.replace(b"\x00", b""):
        raise CaptionError("a document type is not allowed in captions")
    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - no document type, no entities, bounded depth and size
    try:
        parser.feed(data)
        root = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise CaptionError("the captions are not well-formed XML") from error
    if _local(root.tag) != "tt":
        raise CaptionError("TTML captions have the root element tt")
    clock = _TtmlClock(root)
    yield from _ttml_cues(root, clock, 0.0)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _attribute(element: Element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if _local(key) == name), None)


class _TtmlClock:
    """Time expressions of TTML (TTML2, 12.3): clock time, offsets, frames and ticks."""

    _OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
    _TIME = re.compile(r"(\d{2,3}):(\d{2}):(\d{2})(?:\.(\d{1,9})|:(\d{2,3}))?")

    def __init__(self, root: Element) -> None:
        rate = Fraction(self._number(root, "frameRate", 30))
        multiplier = (_attribute(root, "frameRateMultiplier") or "1 1").replace(":", " ").split()
        if len(multiplier) == 2 and all(part.isdigit() and int(part) for part in multiplier):
            rate *= Fraction(int(multiplier[0]), int(multiplier[1]))
        self._frame_rate = float(rate)
        self._tick_rate = self._number(root, "tickRate", round(rate))

    @staticmethod
    def _number(root: Element, name: str, default: int) -> int:
        text = _attribute(root, name) or ""
        return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 10**9 else default

    def seconds(self, text: str | None) -> float | None:
        if text is None:
            return None
        if found := self._TIME.fullmatch(text.strip()):
            hours, minutes, seconds, fraction, frames = found.groups()
            whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            part = float(f"0.{fraction}") if fraction else int(frames or 0) / self._frame_rate
            return whole + part
        if found := self._OFFSET.fullmatch(text.strip()):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
            units |= {"f": 1 / self._frame_rate, "t": 1 / self._tick_rate}
            return float(found[1]) * units[found[2]]
        return None


def _ttml_cues(element: Element, clock: _TtmlClock, origin: float) -> Iterator[Cue]:
    begin = origin + (clock.seconds(_attribute(element, "begin")) or 0.0)
    if _local(element.tag) != "p":
        for child in element:
            yield from _ttml_cues(child, clock, begin)
        return
    end, duration = clock.seconds(_attribute(element, "end")), clock.seconds(_attribute(element, "dur"))
    if end is not None:
        yield Cue(begin, origin + end, _lines(_ttml_text(element)))
    elif duration is not None:
        yield Cue(begin, begin + duration, _lines(_ttml_text(element)))


def _ttml_text(element: Element) -> str:
    parts = [" ".join((element.text or "").split())]
    for child in element:
        parts.append("\n" if _local(child.tag) == "br" else f" {_ttml_text(child)}")
        parts.append(f" {' '.join((child.tail or '').split())}" if (child.tail or "").strip() else "")
    return html.escape("".join(parts).strip(), quote=False)


def _smi(data: bytes) -> Iterator[Cue]:
    text = _text(data)
    marks = list(_SMI_SYNC.finditer(text))
    if not marks:
        raise CaptionError("no captions were found")
    for index, mark in enumerate(marks):
        start = int(mark[1]) / 1000
        end = int(marks[index + 1][1]) / 1000 if index + 1 < len(marks) else start + LAST_CUE_SECONDS
        stop = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        body = text[mark.end() : stop].partition(">")[2].partition("</BODY")[0].partition("</body")[0]
        broken = re.sub(r"<br\s*/?>", "\n", body.replace("\n", " "), flags=re.IGNORECASE)
        lines = _lines(broken.replace("\xa0", " "))
        yield Cue(start, end, tuple(line for line in lines if line.replace("\xa0", "").strip()))


def _scc(data: bytes) -> Iterator[Cue]:
    """Pop-on captions of one channel of CEA-608: text is loaded, shown, and erased or replaced."""
    text = _text(data)
    if not text.lstrip().startswith("Scenarist_SCC"):
        raise CaptionError("SCC captions start with Scenarist_SCC")
    hidden: list[str] = [""]
    shown: tuple[str, ...] = ()
    since = 0.0
    for mark in _SCC_LINE.finditer(text):
        timecode = Timecode.parse(mark[1])
        start = float(timecode.frame(_SCC_RATE) / _SCC_RATE)
        codes = [int(word, 16) & 0x7F7F for word in mark[2].split()]
        for place, code in enumerate(codes):
            now = start + place / float(_SCC_RATE)
            if place and code == codes[place - 1] and code >> 8 in range(0x10, 0x20):
                continue  # control codes are sent twice
            if code in (0x142C, 0x142F):  # erase what is shown; show what was loaded
                if shown:
                    yield Cue(since, now, shown)
                shown, since = (), now
                if code == 0x142F:
                    shown, hidden = tuple(line.strip() for line in hidden if line.strip()), [""]
            elif code in (0x142E, 0x1420):
                hidden = [""]
            elif 0x10 <= code >> 8 <= 0x17 and code & 0x40:
                hidden.append("")  # a preamble: a new row
            elif code >> 8 >= 0x20:
                hidden[-1] += _scc_characters(code)
    if shown:
        yield Cue(since, since + LAST_CUE_SECONDS, shown)


# CEA-608 table 50: places where its basic characters are not ASCII's.
_SCC_CHARACTERS = {0x2A: "á", 0x5C: "é", 0x5E: "í", 0x5F: "ó", 0x60: "ú", 0x7B: "ç", 0x7C: "÷", 0x7D: "Ñ", 0x7E: "ñ"}


def _scc_characters(code: int) -> str:
    return "".join(_SCC_CHARACTERS.get(byte, chr(byte)) for byte in (code >> 8, code & 0x7F) if byte >= 0x20)


def _stl(data: bytes) -> Iterator[Cue]:
    """EBU Tech 3264: a header of 1024 bytes, then one block of 128 bytes for each subtitle or part of one."""
    rates = {b"STL25.01": Fraction(25), b"STL30.01": Fraction(30)}
    rate = rates.get(data[3:11])
    if rate is None or len(data) < 1024:
        raise CaptionError("EBU STL captions have a header of 1024 bytes")
    encoding = {b"01": "iso8859-5", b"02": "iso8859-6", b"03": "iso8859-7", b"04": "iso8859-8"}.get(
        data[12:14], "latin-1"
    )
    text = ""
    for place in range(1024, len(data) - 127, 128):
        block = data[place : place + 128]
        body = block[16:].replace(b"\x8a", b"\n").partition(b"\x8f")[0]
        text += bytes(byte for byte in body if byte == 0x0A or 0x20 <= byte < 0x7F or byte >= 0xA0).decode(
            encoding, "replace"
        )
        if block[3] != 0xFF:  # more blocks of this subtitle follow
            continue
        start, end = (_stl_seconds(block[at : at + 4], rate) for at in (5, 9))
        yield Cue(start, end, _lines(html.escape(text, quote=False)))
        text = ""


def _stl_seconds(parts: bytes, rate: Fraction) -> float:
    return parts[0] * 3600 + parts[1] * 60 + parts[2] + float(parts[3] / rate)


_READERS: dict[str, Callable[[bytes], Iterator[Cue]]] = {
    "SCC": _scc,
    "SMI": _smi,
    "SMPTE_TT": _ttml,
    "SRT": _srt,
    "STL": _stl,
    "TTML": _ttml,
    "WEBVTT": _webvtt,
}
