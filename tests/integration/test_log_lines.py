"""One id goes with a video through the log lines of every function, from the upload's beginning to its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from devstack.contract import aws_clients
from devstack.contract.client import Library
from devstack.waiting import wait_for

from .people import CONVERSION_TIMEOUT
from .store import Store
from .test_recovery import reconcile_until, upload_unheard

FUNCTIONS = (
    "video-streaming-upload",
    "video-streaming-library",
    "mediaconvert-trigger",
    "conversion-complete",
    "video-streaming-reconciler",
)
TOLD = {
    "video-streaming-upload": "answered",
    "video-streaming-library": "answered",
    "mediaconvert-trigger": "job created",
    "conversion-complete": "video is ready",
    "video-streaming-reconciler": "reconciling",
}
"""A line of each function that tells its part in a video's story."""
LOGGED_SECONDS = 60


@pytest.fixture
def ready(library: Library, clip: Callable[[str], Path], store: Store, stack: aws_clients.Outputs) -> str:
    """A video on whose way the reconciler had to help."""
    upload = upload_unheard(library, store, clip("mp4-silent"))
    reconcile_until(
        stack, upload.video_id, lambda: library.video(upload.video_id).status != "uploading", "the reconciler to help"
    )
    return library.wait_ready(upload.video_id, CONVERSION_TIMEOUT).video_id


def test_every_function_tells_of_a_video_by_the_same_id(ready: str, store: Store) -> None:
    for function in FUNCTIONS:

        def told(name: str = function) -> bool:
            return TOLD[name] in {line["message"] for line in store.log_lines(name) if of(line, ready)}

        wait_for(told, f"{function} to tell of the video as {ready}", timeout=LOGGED_SECONDS)
    assert [job["UserMetadata"]["videoId"] for job in store.jobs(ready)] == [ready]


def test_no_line_about_a_video_goes_without_its_id(ready: str, store: Store) -> None:
    for function in FUNCTIONS:
        strays = [line for line in store.log_lines(function) if ready in json.dumps(line) and not of(line, ready)]
        assert strays == [], function


def of(line: Mapping[str, Any], video_id: str) -> bool:
    return line.get("correlation_id") == video_id
