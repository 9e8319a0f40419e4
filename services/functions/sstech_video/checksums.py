"""Checksums of parts and whole files, as S3 checks them on arrival. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Final


class Algorithm(StrEnum):
    """S3's algorithms of which a multipart upload keeps one value for each part."""

    CRC32 = "CRC32"
    CRC32C = "CRC32C"
    SHA1 = "SHA1"
    SHA256 = "SHA256"


_BYTES: Final = {Algorithm.CRC32: 4, Algorithm.CRC32C: 4, Algorithm.SHA1: 20, Algorithm.SHA256: 32}


def is_checksum(text: str, algorithm: Algorithm) -> bool:
    """Base64 of as many bytes as the algorithm makes."""
    try:
        return text.isascii() and len(base64.b64decode(text, validate=True)) == _BYTES[algorithm]
    except binascii.Error:
        return False


def member(algorithm: Algorithm) -> str:
    """The SDK's name of the value, e.g. `ChecksumCRC32`."""
    return f"Checksum{algorithm.value}"


def header(algorithm: Algorithm) -> str:
    """The HTTP header that carries the value."""
    return f"x-amz-checksum-{algorithm.value.lower()}"
