"""Names of codecs as manifests write them (RFC 6381), read from the stream that is really there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mediaconvert_standin.errors import TranscodeFailed

_SEARCH_BYTES = 256 * 1024
_AVC_SPS = re.compile(rb"\x00\x00\x01[\x27\x47\x67](...)", re.DOTALL)
_HEVC_SPS = re.compile(rb"\x00\x00\x01\x42\x01(.{16})", re.DOTALL)
_RFC_4281_PROFILES = {0x42: 66, 0x4D: 77}  # Baseline and Main, written in decimal at level 3.0
_AUDIO = {
    "AAC": "mp4a.40.2",
    "AC3": "ac-3",
    "EAC3": "ec-3",
    "FLAC": "fLaC",
    "MP3": "mp4a.40.34",
    "OPUS": "Opus",
}
_SAMPLE_ENTRIES = {
    **dict.fromkeys((b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp09"), 78),  # VisualSampleEntry
}


def audio_codec(codec: str) -> str:
    """AAC is always LC here, whatever the job asked for."""
    return _AUDIO[codec]


def transport_stream_codec(segment: Path, codec: str, *, rfc_4281: bool) -> str:
    """The picture's codec from the parameter sets at the start of a segment. Raises TranscodeFailed."""
    with segment.open("rb") as file:
        head = file.read(_SEARCH_BYTES)
    if codec == "H_265":
        found = _HEVC_SPS.search(head)
        if found is not None:
            return _hevc("hvc1", _without_emulation(found[1])[1:13])
    elif (found := _AVC_SPS.search(head)) is not None:
        return _avc("avc1", found[1], rfc_4281=rfc_4281)
    raise TranscodeFailed("Encoder: [an HLS segment has no sequence parameter set]")


def mp4_codec(init: Path, *, rfc_4281: bool = False) -> str:
    """The picture's codec from the sample entry of an initialization segment. Raises TranscodeFailed."""
    data = init.read_bytes()
    for kind, record in _records(data):
        if kind in (b"avc1", b"avc3") and record[:4] == b"avcC":
            return _avc(kind.decode(), record[5:8], rfc_4281=rfc_4281)
        if kind in (b"hvc1", b"hev1") and record[:4] == b"hvcC":
            return _hevc(kind.decode(), record[5:17])
        if kind == b"av01" and record[:4] == b"av1C":
            return _av1(record[4:8])
        if kind == b"vp09" and record[:4] == b"vpcC":
            return _vp9(record[8:11])
    raise TranscodeFailed("Encoder: [an initialization segment has no known sample entry]")


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Sample entries and the boxes in them, found by their names: the file is our own."""
    descriptions = max(0, data.find(b"stsd"))  # before them, some of the names are brands of the file
    for kind, header in _SAMPLE_ENTRIES.items():
        place = data.find(kind, descriptions)
        if place < 0:
            continue
        size = int.from_bytes(data[place - 4 : place], "big")
        inside, end = place + 4 + header, place - 4 + size
        while inside + 8 <= end:
            length = int.from_bytes(data[inside : inside + 4], "big")
            if length < 8:
                break
            yield kind, data[inside + 4 : inside + length]
            inside += length


def _avc(kind: str, parts: bytes, *, rfc_4281: bool) -> str:
    profile, constraints, level = parts
    if rfc_4281 and level == 30 and profile in _RFC_4281_PROFILES:
        return f"{kind}.{_RFC_4281_PROFILES[profile]}.30"
    return f"{kind}.{profile:02x}{constraints:02x}{level:02x}"


def _without_emulation(data: bytes) -> bytes:
    return data.replace(b"\x00\x00\x03", b"\x00\x00")


def _hevc(kind: str, parts: bytes) -> str:
    """``parts``: profile, tier and level as in hvcC (ISO/IEC 14496-15, annex E)."""
    space, tier, profile = parts[0] >> 6, parts[0] >> 5 & 1, parts[0] & 0x1F
    compatible = int(f"{int.from_bytes(parts[1:5], 'big'):032b}"[::-1], 2)
    constraints = parts[5:11].rstrip(b"\x00")
    name = f"{kind}.{('', 'A', 'B', 'C')[space]}{profile}.{compatible:X}.{'H' if tier else 'L'}{parts[11]}"
    return name + "".join(f".{byte:X}" for byte in constraints)


def _av1(parts: bytes) -> str:
    """``parts``: the start of av1C (AV1 in ISOBMFF, 2.3.3)."""
    profile, level = parts[1] >> 5, parts[1] & 0x1F
    tier, high, twelve = parts[2] >> 7, parts[2] >> 6 & 1, parts[2] >> 5 & 1
    depth = 12 if twelve else 10 if high else 8
    return f"av01.{profile}.{level:02d}{'H' if tier else 'M'}.{depth:02d}"


def _vp9(parts: bytes) -> str:
    """``parts``: profile, level and depth of vpcC, after its version (VP Codec ISO Media File Format Binding)."""
    profile, level, depth = parts[0], parts[1], parts[2] >> 4
    return f"vp09.{profile:02d}.{level:02d}.{depth:02d}"
