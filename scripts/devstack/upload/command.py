"""The command itself: which files, whose account, what is printed, what it exits with."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.filesize import decimal

from devstack.contract.client import Inbox, Library, Platform
from devstack.contract.client_errors import PlatformError
from devstack.contract.uploading import Line
from devstack.upload.account import sign_in_as_demo, sign_in_at_terminal, sign_in_by_environment
from devstack.upload.bars import Bars
from devstack.upload.batch import Batch, Outcome, StuckError, sentence
from devstack.upload.files import select
from devstack.upload.records import Records

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""What shells use for a program ended by Ctrl-C."""
GO_ON = "Stopped. What arrived is kept: run the same command again to go on."


@dataclass(frozen=True)
class UploadRequest:
    """What was typed. `folder` keeps the records of uploads under way."""

    paths: Sequence[Path]
    folder: Path
    folders: bool = False
    demo: bool = False
    as_json: bool = False
    parallel: int | None = None


def run_upload(outputs: Mapping[str, str], inbox: Inbox, request: UploadRequest, console: Console) -> int:
    """Uploads the files and waits until each is ready or failed. `console` is for people: standard error with --json.

    0 when all are ready; 1 when one is not; 2 when a file cannot be a video or nobody is signed in, before a byte is
    sent; 130 after Ctrl-C, and the same command then goes on.
    """
    selection = select(request.paths, folders=request.folders)
    for reason in selection.skipped:
        _say(console, f"Skipped: {reason}", "yellow")
    for reason in selection.refused:
        _say(console, reason, "red")
    if selection.refused or not selection.files:
        _say(console, "Nothing was sent.", "red")
        return EXIT_USAGE
    with Platform(outputs, inbox) as platform:
        try:
            library = _library(platform, request, console)
        except (PlatformError, BotoCoreError, requests.RequestException) as error:
            _say(console, sentence(error), "red")
            return EXIT_USAGE
        with library, Line(request.parallel) if request.parallel else Line() as line:
            return send(library, line, selection.files, request, console)


def _library(platform: Platform, request: UploadRequest, console: Console) -> Library:
    if request.demo:
        return sign_in_as_demo(platform, request.folder)
    return sign_in_by_environment(platform, os.environ) or sign_in_at_terminal(platform, console)


def send(library: Library, line: Line, files: Sequence[Path], request: UploadRequest, console: Console) -> int:
    """What is left once somebody is signed in; returns the exit code of `run_upload`."""
    total = sum(file.stat().st_size for file in files)
    bars = Bars(console, total)
    records = Records(request.folder, library.site_url, library.owner)
    started = time.monotonic()
    try:
        outcomes = Batch(library, records, line, bars).run(files)
    except KeyboardInterrupt:
        _say(console, GO_ON, "yellow")
        return EXIT_INTERRUPTED
    except StuckError:
        _say(console, GO_ON, "yellow")
        # A thread that hangs in a system call would keep the program from ending.
        os._exit(EXIT_INTERRUPTED)
    seconds = time.monotonic() - started
    ready = sum(outcome.is_ready for outcome in outcomes)
    _say(console, f"{ready} of {len(outcomes)} ready, {decimal(total)} in {seconds:.1f} s.", None)
    if request.as_json:
        print(json.dumps(document(outcomes, total, seconds), indent=2, ensure_ascii=False))
    return EXIT_OK if ready == len(outcomes) else EXIT_FAILED


def document(outcomes: Sequence[Outcome], total: int, seconds: float) -> dict[str, object]:
    """What --json prints: `bytes` of all files, and one object for each."""
    return {"videos": [_video(outcome) for outcome in outcomes], "bytes": total, "seconds": round(seconds, 3)}


def _video(outcome: Outcome) -> dict[str, object]:
    video = outcome.video
    error: dict[str, str | None] | None = None
    if video is not None and video.error is not None:
        error = {"code": video.error.code, "message": video.error.message}
    elif video is None:
        error = {"code": "not_uploaded", "message": outcome.reason}
    return {
        "file": str(outcome.file),
        "videoId": outcome.video_id,
        "status": video.status if video else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "durationMs": video.duration_ms if video else None,
        "error": error,
    }


def _say(console: Console, text: str, style: str | None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
