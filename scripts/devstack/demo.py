"""Drives one video through the real flow, as a person would, and checks what came of it."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.filesize import decimal

from devstack import clips, media
from devstack.contract import aws_clients, hls
from devstack.contract.answers import Playback, Upload, Video
from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Account, Inbox, Library, Platform, new_password
from devstack.contract.client_errors import ConversionFailedError, PlatformError
from devstack.steps import Steps
from devstack.waiting import DeadlineExceededError, wait_for

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""What shells use for a program ended by Ctrl-C."""

CLIP_SECONDS = 5.0
CLIP_SIZE = (1280, 720)
BLOCK = 1024 * 1024
"""Bytes of the MP4 that are in memory at a time while it is fetched."""
CLEAN_UP_TIMEOUT = 60
"""Seconds for the original to go after the conversion."""
SHORTEST_CONVERSION = 300
SECONDS_PER_MEGABYTE = 3
"""A conversion may take this long: at least five minutes, longer for large files."""


class UsageError(Exception):
    """The command was given something it cannot work with."""


class ProofError(Exception):
    """The platform answered, but not with what the demo must see."""


FAILURES = (
    PlatformError,
    ProofError,
    DeadlineExceededError,
    hls.PlaylistError,
    media.MediaError,
    media.FfmpegMissingError,
    clips.ClipError,
)
"""Errors whose text is already a sentence for the person."""


def run_demo(
    outputs: Outputs, inbox: Inbox, file: Path | None, console: Console, *, show_credentials: bool = False
) -> int:
    """One video from sign-up to clean-up on the running stack that `outputs` describes.

    0 when the MP4 came back playable and the original is gone; 1 with one sentence when not; 2 when `file`
    cannot be used; 130 after Ctrl-C.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="sstech-demo-") as folder:
            return _Demo(outputs, inbox, console, Path(folder)).run(file, show_credentials)
    except UsageError as error:
        return _say(console, str(error), EXIT_USAGE)
    except KeyboardInterrupt:
        return _say(
            console, "Interrupted; what was uploaded so far stays in the demo person's library.", EXIT_INTERRUPTED
        )
    except FAILURES as error:
        return _say(console, str(error), EXIT_FAILED)
    except requests.RequestException:
        return _say(console, f"{outputs['SiteUrl']} does not answer; is the stack up?", EXIT_FAILED)
    except (BotoCoreError, ClientError) as error:
        return _say(console, f"AWS refused: {error}", EXIT_FAILED)
    except OSError as error:
        return _say(console, f"The file could not be read or written: {error}", EXIT_FAILED)


class _Demo:
    def __init__(self, outputs: Outputs, inbox: Inbox, console: Console, folder: Path) -> None:
        self._outputs = outputs
        self._inbox = inbox
        self._console = console
        self._folder = folder
        self._steps = Steps(console)

    def run(self, file: Path | None, show_credentials: bool) -> int:
        if file is not None:
            check_file(file)
        with self._steps.shown(), Platform(self._outputs, self._inbox) as platform:
            source = file or self._make_clip()
            account, library = self._join(platform)
            with library:
                upload = self._upload(library, source)
                video = self._convert(library, upload, source)
                playback = library.playback(video.video_id)
                self._check_mp4(library, playback, video)
                self._check_hls(library, playback)
                self._check_original_gone(upload)
        self._console.print(self._steps.proofs.table())
        self._tell_where(account, show_credentials)
        return EXIT_OK

    def _make_clip(self) -> Path:
        with self._steps.step("Make a clip") as step:
            clip = clips.make_clip("mp4-h264-aac", self._folder, seconds=CLIP_SECONDS, size=CLIP_SIZE)
            step.seen = f"{CLIP_SECONDS:g} s, {CLIP_SIZE[0]}x{CLIP_SIZE[1]}, {decimal(clip.stat().st_size)}"
        return clip

    def _join(self, platform: Platform) -> tuple[Account, Library]:
        email, password = f"demo-{secrets.token_hex(4)}@example.com", new_password()
        with self._steps.step("Sign up") as step:
            platform.register(email, password)
            step.seen = "code from the e-mail accepted"
        with self._steps.step("Second factor") as step:
            account, library = platform.enrol(email, password)
            step.seen = "authenticator enrolled, tokens received"
        return account, library

    def _upload(self, library: Library, source: Path) -> Upload:
        size = source.stat().st_size
        with self._steps.step("Upload", total=size) as step:
            upload = library.upload(source, step.advance)
            how = "one PUT" if upload.multipart is None else f"{upload.multipart.part_count} parts"
            step.seen = f"{decimal(size)} straight to S3 in {how}"
        return upload

    def _convert(self, library: Library, upload: Upload, source: Path) -> Video:
        megabytes = source.stat().st_size / 1_000_000
        timeout = max(SHORTEST_CONVERSION, megabytes * SECONDS_PER_MEGABYTE)
        with self._steps.step("Conversion", total=100) as step:
            try:
                video = library.wait_ready(upload.video_id, timeout, on_change=lambda video: step.reach(video.progress))
            except ConversionFailedError as error:
                raise ProofError(self._why_it_failed(source, upload, error)) from error
            step.seen = f"{video.width}x{video.height}, {(video.duration_ms or 0) / 1000:.1f} s"
        return video

    def _why_it_failed(self, source: Path, upload: Upload, error: ConversionFailedError) -> str:
        reason = first_clause(error.message)
        kept = "the original is kept" if self._original_exists(upload) else "the original is GONE, which is a bug"
        return f"{source.name} could not be converted: {reason}; {kept}."

    def _check_mp4(self, library: Library, playback: Playback, video: Video) -> None:
        target = self._folder / "played.mp4"
        with self._steps.step("Play the MP4") as step:
            response = library.open_media(playback.mp4_url, playback)
            step.expect(int(response.headers.get("Content-Length", 0)) or video.size)
            with response, target.open("wb") as stream:
                for block in response.iter_content(BLOCK):
                    stream.write(block)
                    step.advance(len(block))
            decoded = _decoded(target, "The MP4")
            if decoded.size != (video.width, video.height):
                raise ProofError(f"The MP4 is {decoded.size} although its entry says {video.width}x{video.height}.")
            if not media.is_faststart(target):
                raise ProofError("The MP4 cannot start while it loads: its index is at the end.")
            size = decimal(target.stat().st_size)
            step.seen = f"{size} through the CDN, {decoded.video_frames} frames decoded"
        target.unlink()

    def _check_hls(self, library: Library, playback: Playback) -> None:
        with self._steps.step("Play HLS") as step:
            variants = library.variants(playback)
            segments = [segment for variant in variants for segment in library.segments(variant, playback)]
            step.expect(len(segments))
            for segment in segments:
                _decoded(library.fetch(segment.url, playback).content, f"The segment {segment.url}")
                step.advance()
            sizes = ", ".join(f"{variant.height}p" for variant in variants)
            step.seen = f"{sizes}: {len(segments)} segments fetched and decoded"

    def _check_original_gone(self, upload: Upload) -> None:
        with self._steps.step("Clean-up") as step:
            wait_for(
                lambda: not self._original_exists(upload),
                f"the original {upload.key} to be deleted",
                timeout=CLEAN_UP_TIMEOUT,
            )
            step.seen = "original gone from the temporary bucket"

    def _original_exists(self, upload: Upload) -> bool:
        s3 = aws_clients.s3(self._outputs)
        try:
            return object_exists(s3, self._outputs["TempBucketName"], upload.key)
        finally:
            s3.close()

    def _tell_where(self, account: Account, show_credentials: bool) -> None:
        out = self._console.print
        out(f"The video is in the library of {account.email} at {self._outputs['SiteUrl']}", soft_wrap=True)
        if show_credentials:
            out(f"password: {account.password}", markup=False, soft_wrap=True)
            out(f"authenticator secret: {account.authenticator.secret}", soft_wrap=True)


def first_clause(message: str) -> str:
    """The first sentence of a message, fit to go on after a colon."""
    sentence = message.split(". ")[0].rstrip(".")
    starts_a_word = sentence[1:2].islower() or sentence[1:2] == " "
    return sentence[:1].lower() + sentence[1:] if starts_a_word else sentence


def check_file(file: Path) -> None:
    """Raises UsageError with one sentence when the file cannot be uploaded."""
    if not file.exists():
        raise UsageError(f"There is no file {file}.")
    if not file.is_file():
        raise UsageError(f"{file} is not a file.")
    if file.stat().st_size == 0:
        raise UsageError(f"{file} is empty.")
    try:
        file.open("rb").close()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def object_exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Raises ClientError for any other answer than yes or no."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _decoded(source: media.Source, what: str) -> media.Decoded:
    try:
        return media.decode(source)
    except media.MediaError as error:
        raise ProofError(f"{what} came back but does not play: {error}") from error


def _say(console: Console, sentence: str, status: int) -> int:
    console.print(sentence, style=None if status == EXIT_OK else "red", markup=False, highlight=False, soft_wrap=True)
    return status
