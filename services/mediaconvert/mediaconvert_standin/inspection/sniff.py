"""Recognising a container by its first bytes, so that ffmpeg never chooses a demuxer for a stranger's file.

Text formats (playlists, concat scripts, subtitles) are not in the list: they make ffmpeg open other files.
"""

from __future__ import annotations

from dataclasses import dataclass

SNIFF_BYTES = 4096

_TS_PACKET = 188
_M2TS_PACKET = 192
_ASF_GUID = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MXF_KEY = bytes.fromhex("060e2b34020501010d010201")
_BOX_TYPES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp"}

# Demuxers whose own name, which ``format_whitelist`` wants, is longer than the one for ``-f``.
_FULL_NAMES = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}
_BRANDS = {b"qt ": "quicktime", b"3gp": "three_gp", b"3g2": "three_g2"}


@dataclass(frozen=True)
class Container:
    """``demuxer`` for ``-f``, ``whitelist`` its full name in libavformat, ``token`` of the Format enum."""

    demuxer: str
    whitelist: str
    token: str

    @property
    def is_iso(self) -> bool:
        return self.demuxer == "mov"


def full_name(demuxer: str) -> str:
    """A demuxer's own name in libavformat: the only one that may be on a whitelist beside it."""
    return _FULL_NAMES.get(demuxer, demuxer)


def sniff(head: bytes) -> Container | None:
    """The container whose signature the first SNIFF_BYTES of a file carry, or None."""
    if head[4:8] in _BOX_TYPES:
        return _iso(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        doc_type = "webm" if b"webm" in head[:64] else "matroska"
        return Container("matroska", full_name("matroska"), doc_type)
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"AVIX"):
        return Container("avi", "avi", "avi")
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return Container("wav", "wav", "wave")
    if head.startswith(b"OggS"):
        return Container("ogg", "ogg", "ogg")
    if head.startswith(b"FLV\x01"):
        return Container("flv", "flv", "")
    if head.startswith(_ASF_GUID):
        return Container("asf", "asf", "asf")
    if head.startswith(b"\x00\x00\x01\xba"):
        return Container("mpeg", "mpeg", "mpegps")
    if head.startswith(b"\x00\x00\x01\xb3"):
        return Container("mpegvideo", "mpegvideo", "")
    if head.startswith(b"fLaC"):
        return Container("flac", "flac", "flac")
    if _MXF_KEY in head:
        return Container("mxf", "mxf", "mxf")
    if _is_transport_stream(head):
        return Container("mpegts", "mpegts", "mpegts")
    return _elementary_audio(head)


def sniff_image(head: bytes) -> str | None:
    """The demuxer for a still image that may be laid over video: PNG, BMP or TGA."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png_pipe"
    if head.startswith(b"BM"):
        return "bmp_pipe"
    # TGA has no signature: no colour map, a type that decoders know, and 24 or 32 bits.
    if len(head) >= 18 and head[1] == 0 and head[2] in (2, 10) and head[16] in (24, 32):
        return "tga_pipe"
    return None


def _iso(head: bytes) -> Container:
    brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
    return Container("mov", full_name("mov"), _BRANDS.get(brand[:3], "mp4"))


def _is_transport_stream(head: bytes) -> bool:
    for size, offset in ((_TS_PACKET, 0), (_M2TS_PACKET, 4)):
        starts = range(offset, len(head) - 4, size)
        if len(starts) >= 3 and all(_is_packet(head, start) for start in starts):
            return True
    return False


def _is_packet(head: bytes, start: int) -> bool:
    # The sync byte is a letter; adaptation_field_control 00 is reserved, and rules text out.
    return head[start] == 0x47 and head[start + 3] & 0x30 != 0


def _elementary_audio(head: bytes) -> Container | None:
    if head.startswith(b"ID3"):
        return Container("mp3", "mp3", "mp3")
    if head[:2] == b"\x0b\x77":
        return Container("ac3", "ac3", "ac3")
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    # An MPEG audio frame header: layer bits 00 are AAC in ADTS.
    return Container("aac", "aac", "aac") if head[1] & 0xF6 == 0xF0 else Container("mp3", "mp3", "mp3")
