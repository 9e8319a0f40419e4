"""AES-128 of HLS media segments (RFC 8216, 4.3.2.4): each whole file by itself, CBC with PKCS #7 padding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from mediaconvert_standin.job_settings.plan import StaticKey
from mediaconvert_standin.packaging.hls import Segment

_CHUNK_BYTES = 1024 * 1024
_BLOCK_BYTES = 16


def encrypted(segments: list[Segment], key: StaticKey) -> list[Segment]:
    """The segments with their files encrypted in place, in the order of the playlist, numbered from 1."""
    return [_encrypted(segment, key, number) for number, segment in enumerate(segments, start=1)]


def _encrypted(segment: Segment, key: StaticKey, number: int) -> Segment:
    # Without a vector of its own a segment is encrypted with its media sequence number.
    vector = key.vector or number.to_bytes(_BLOCK_BYTES, "big")
    path = segment.path.with_suffix(f"{segment.path.suffix}.encrypted")
    size = _encrypt(segment.path, path, key.value, vector)
    path.replace(segment.path)
    return replace(segment, size=size)


def _encrypt(source: Path, target: Path, key: bytes, vector: bytes) -> int:
    cipher = Cipher(AES128(key), CBC(vector)).encryptor()
    padder = PKCS7(_BLOCK_BYTES * 8).padder()
    with source.open("rb") as plain, target.open("wb") as secret:
        while chunk := plain.read(_CHUNK_BYTES):
            secret.write(cipher.update(padder.update(chunk)))
        secret.write(cipher.update(padder.finalize()) + cipher.finalize())
        return secret.tell()
