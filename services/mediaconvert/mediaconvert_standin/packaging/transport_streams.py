"""What playlists must know of our own MPEG-2 transport streams: the first time stamp, and where I frames are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PACKET = 188
_SYNC = 0x47
_PES_START = b"\x00\x00\x01"
_VIDEO_IDS, _AUDIO_IDS = range(0xE0, 0xF0), range(0xC0, 0xE0)
_PRIVATE_STREAM = 0xBD
_SEARCHED_PACKETS = 4096
_READ_PACKETS = 2048


def first_pts(path: Path) -> int | None:
    """The first presentation time stamp in units of 90 kHz, of video if there is any."""
    sound: int | None = None
    with path.open("rb") as file:
        for number, packet in enumerate(_packets(file)):
            payload = _payload(packet)
            pts = _pts(payload) if packet[1] & 0x40 else None
            if pts is not None and payload[3] in _VIDEO_IDS:
                return pts
            sound = pts if sound is None else sound
            if number >= _SEARCHED_PACKETS:
                break
    return sound


def key_frames(path: Path) -> list[tuple[int, int]]:
    """(offset, size) in bytes of each random access picture, from its first packet to the next picture's."""
    found: list[tuple[int, int]] = []
    begin: int | None = None
    with path.open("rb") as file:
        for number, packet in enumerate(_packets(file)):
            payload = _payload(packet) if packet[1] & 0x40 else b""
            if payload[:3] != _PES_START or payload[3] not in _VIDEO_IDS:
                continue
            if begin is not None:
                found.append((begin, number * PACKET - begin))
                begin = None
            if packet[3] & 0x20 and packet[4] and packet[5] & 0x40:  # random_access_indicator
                begin = number * PACKET
    if begin is not None:
        found.append((begin, path.stat().st_size - begin))
    return found


def _packets(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(PACKET * _READ_PACKETS):
        for place in range(0, len(block) - PACKET + 1, PACKET):
            if block[place] == _SYNC:
                yield block[place : place + PACKET]


def _payload(packet: bytes) -> bytes:
    if not packet[3] & 0x10:
        return b""
    return packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]


def _pts(payload: bytes) -> int | None:
    if len(payload) < 14 or payload[:3] != _PES_START or not payload[7] & 0x80:
        return None
    if payload[3] not in (*_VIDEO_IDS, *_AUDIO_IDS, _PRIVATE_STREAM):
        return None
    high, middle, low = (
        payload[9] >> 1 & 7,
        int.from_bytes(payload[10:12], "big") >> 1,
        int.from_bytes(payload[12:14], "big") >> 1,
    )
    return high << 30 | middle << 15 | low
