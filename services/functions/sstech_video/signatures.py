"""What a file's first bytes say it is, whatever was declared. Pure.

Sources: IANA media type registrations, and the container specifications named beside each signature.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class Container(Enum):
    """A family of containers, as far as a few bytes can tell."""

    ISO_MEDIA = auto()
    MATROSKA = auto()
    AVI = auto()
    MPEG = auto()
    ASF = auto()
    FLASH = auto()
    MXF = auto()
    OGG = auto()


# ISO/IEC 14496-12 and QuickTime: the first box's type, after its length.
_ISO_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"})
# Brands of ISO/IEC 23008-12 (HEIF) and AVIF: a picture in the same boxes.
_PICTURE_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
_TS_SYNC: Final = 0x47
_TS_PACKETS: Final = (188, 192)

_CONTAINERS: Final[tuple[tuple[bytes, Container], ...]] = (
    (b"\x1a\x45\xdf\xa3", Container.MATROSKA),  # RFC 8794, EBML
    (b"\x00\x00\x01\xba", Container.MPEG),  # ISO/IEC 13818-1, pack header
    (b"\x00\x00\x01\xb3", Container.MPEG),  # ISO/IEC 13818-2, sequence header
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container.ASF),
    (b"FLV\x01", Container.FLASH),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", Container.MXF),  # SMPTE ST 377-1, partition pack
    (b"OggS", Container.OGG),  # RFC 3533
)

# Files that people do upload by mistake or on purpose, and that no converter shall open.
_NO_VIDEO: Final[tuple[bytes, ...]] = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF87a",
    b"GIF89a",
    b"II*\x00",  # TIFF and raw pictures
    b"MM\x00*",
    b"8BPS",  # Photoshop
    b"%PDF-",
    b"PK\x03\x04",  # ZIP, and office documents and packages in it
    b"PK\x05\x06",
    b"\x1f\x8b\x08",  # gzip
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"\x7fELF",
    b"MZ\x90\x00",  # Windows programs
    b"\xca\xfe\xba\xbe",  # Java and macOS programs
    b"\xcf\xfa\xed\xfe",
    b"SQLite format 3\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # old office documents
)

_DECLARED: Final = {
    "video/mp4": Container.ISO_MEDIA,
    "video/quicktime": Container.ISO_MEDIA,
    "video/x-m4v": Container.ISO_MEDIA,
    "video/3gpp": Container.ISO_MEDIA,
    "video/3gpp2": Container.ISO_MEDIA,
    "video/webm": Container.MATROSKA,
    "video/x-matroska": Container.MATROSKA,
    "video/matroska": Container.MATROSKA,
    "video/x-msvideo": Container.AVI,
    "video/avi": Container.AVI,
    "video/vnd.avi": Container.AVI,
    "video/mpeg": Container.MPEG,
    "video/mp2t": Container.MPEG,
    "video/x-ms-wmv": Container.ASF,
    "video/x-ms-asf": Container.ASF,
    "video/x-flv": Container.FLASH,
    "video/ogg": Container.OGG,
    "application/mxf": Container.MXF,
}


def container(first_bytes: bytes) -> Container | None:
    """None for bytes that tell nothing: many old formats have no signature."""
    if first_bytes[4:8] in _ISO_BOXES and not is_picture(first_bytes):
        return Container.ISO_MEDIA
    if first_bytes[:4] == b"RIFF" and first_bytes[8:12] == b"AVI ":
        return Container.AVI
    if _is_transport_stream(first_bytes):
        return Container.MPEG
    return next((kind for signature, kind in _CONTAINERS if first_bytes.startswith(signature)), None)


def is_no_video(first_bytes: bytes) -> bool:
    """Whether these are the bytes of something that is surely no video."""
    if first_bytes[:4] == b"RIFF" and first_bytes[8:12] in (b"WEBP", b"WAVE"):
        return True
    return is_picture(first_bytes) or first_bytes.startswith(_NO_VIDEO)


def is_picture(first_bytes: bytes) -> bool:
    """HEIF and AVIF."""
    return first_bytes[4:8] == b"ftyp" and first_bytes[8:12] in _PICTURE_BRANDS


def contradicts(content_type: str, first_bytes: bytes) -> bool:
    """Whether the bytes are of another family than was declared. Unknown bytes and types contradict nothing."""
    declared = _DECLARED.get(content_type.partition(";")[0].strip().lower())
    found = container(first_bytes)
    return declared is not None and found is not None and declared is not found


def _is_transport_stream(first_bytes: bytes) -> bool:
    """ISO/IEC 13818-1: a sync byte in every packet; Blu-ray puts four bytes before each."""
    return any(
        len(first_bytes) > first + size and first_bytes[first] == first_bytes[first + size] == _TS_SYNC
        for size, first in zip(_TS_PACKETS, (0, 4), strict=True)
    )
