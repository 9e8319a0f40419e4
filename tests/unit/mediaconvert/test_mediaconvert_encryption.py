"""HLS segments with a key of the customer's own: only who has it sees a picture."""

import re
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from mediaconvert_harness import OUTPUT_BUCKET, Bench, Json, hls_group, job_settings, picture, rung
from test_mediaconvert_validation import problems, request

KEY = "00112233445566778899aabbccddeeff"
VECTOR = "0f0e0d0c0b0a09080706050403020100"
PROVIDER = {"StaticKeyValue": KEY, "Url": "https://keys.example.com/v1"}


def encryption(**more: Any) -> Json:
    return {"Type": "STATIC_KEY", "EncryptionMethod": "AES128", "StaticKeyProvider": PROVIDER, **more}


def decrypted(data: bytes, vector: bytes) -> bytes:
    plain = Cipher(AES128(bytes.fromhex(KEY)), CBC(vector)).decryptor().update(data)
    padding = PKCS7(128).unpadder()
    return padding.update(plain) + padding.finalize()


@pytest.fixture(scope="module")
def clip(bench: Bench) -> str:
    arguments = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    return bench.make("to_encrypt.mp4", *picture("320x180", "30", 5), *arguments)


def converted(bench: Bench, clip: str, name: str, encrypt: Json, **more: Any) -> str:
    group = hls_group(f"s3://{OUTPUT_BUCKET}/{name}/v", [rung((320, 180))], Encryption=encrypt, SegmentLength=2, **more)
    job = bench.convert(job_settings(clip, group))
    assert job["Status"] == "COMPLETE", job.get("ErrorMessage")
    return bench.text(f"{name}/v_180p.m3u8")


def frames(bench: Bench, data: bytes, name: str) -> int:
    path = bench.scratch / name
    path.write_bytes(data)
    with av.open(str(path), format="mpegts") as media:
        return sum(1 for _ in media.decode(video=0))


def test_each_segment_is_encrypted_with_its_number(bench: Bench, clip: str) -> None:
    playlist = converted(bench, clip, "numbered", encryption())
    assert '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example.com/v1"\n' in playlist
    names = re.findall(r"^v_.*\.ts$", playlist, re.MULTILINE)
    assert len(names) == 3
    first = int(re.findall(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)[0])
    shown = 0
    for number, name in enumerate(names, start=first):
        data = bench.fetch(f"numbered/{name}").read_bytes()
        assert data[:1] != b"\x47"
        shown += frames(bench, decrypted(data, number.to_bytes(16, "big")), name)
    assert shown == 150


def test_a_vector_of_the_job_is_used_and_named_in_the_playlist(bench: Bench, clip: str) -> None:
    settings = encryption(ConstantInitializationVector=VECTOR, InitializationVectorInManifest="INCLUDE")
    settings["StaticKeyProvider"] = PROVIDER | {"KeyFormat": "identity", "KeyFormatVersions": "1"}
    playlist = converted(bench, clip, "vector", settings)
    assert f'IV=0x{VECTOR},KEYFORMAT="identity",KEYFORMATVERSIONS="1"' in playlist
    assert "#EXT-X-VERSION:5\n" in playlist
    data = bench.fetch("vector/v_180p_00002.ts").read_bytes()
    assert frames(bench, decrypted(data, bytes.fromhex(VECTOR)), "second.ts") == 60


def test_ranges_of_a_single_file_are_encrypted_by_themselves(bench: Bench, clip: str) -> None:
    playlist = converted(bench, clip, "ranges", encryption(), SegmentControl="SINGLE_FILE")
    data = bench.fetch("ranges/v_180p.ts").read_bytes()
    shown = 0
    for number, found in enumerate(re.finditer(r"#EXT-X-BYTERANGE:(\d+)@(\d+)", playlist), start=1):
        size, offset = int(found[1]), int(found[2])
        part = decrypted(data[offset : offset + size], number.to_bytes(16, "big"))
        shown += frames(bench, part, f"range{number}.ts")
    assert shown == 150


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"StaticKeyProvider": {"StaticKeyValue": "z" * 32, "Url": "https://x"}},
            "Should be 32 hexadecimal characters",
        ),
        ({"StaticKeyProvider": {"StaticKeyValue": KEY}}, "url is a required property"),
        ({"EncryptionMethod": "SAMPLE_AES"}, "Not supported by this emulator"),
        ({"Type": "SPEKE"}, "Not supported by this emulator"),
    ],
)
def test_other_encryption_is_refused(changed: Json, message: str) -> None:
    group = hls_group("s3://bucket/x", [rung((320, 180))], Encryption=encryption() | changed)
    (problem,) = problems(request(job_settings("a.mp4", group)))
    assert message in problem


def test_i_frame_playlists_of_encrypted_segments_are_refused() -> None:
    output = rung((320, 180)) | {"OutputSettings": {"HlsSettings": {"IFrameOnlyManifest": "INCLUDE"}}}
    group = hls_group("s3://bucket/x", [output], Encryption=encryption())
    (problem,) = problems(request(job_settings("a.mp4", group)))
    assert "with I-frame playlists" in problem
