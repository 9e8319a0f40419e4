"""The numbers of `dev.py status` follow what happens on the stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.contract import aws_clients
from devstack.contract.client import Library, Platform
from devstack.contract.client_errors import SignInError
from devstack.status import read_status
from devstack.status.numbers import UNKNOWN
from devstack.waiting import wait_for

from .people import CONVERSION_TIMEOUT, Person

LOGGED_SECONDS = 60
# What one video from upload to ready adds to, at the least; other tests add to them at the same time.
GROWING = (
    ("videos", "uploads started"),
    ("videos", "originals deleted"),
    ("queue", "processed"),
    ("jobs", "complete"),
    ("jobs", "events handled"),
    ("API", "calls"),
)


def numbers(stack: aws_clients.Outputs) -> dict[tuple[str, str], str]:
    return {(one.group, one.name): one.value for one in read_status(stack)}


def test_sign_ins_and_refusals_are_counted(
    platform: Platform, new_person: Callable[[], Person], stack: aws_clients.Outputs
) -> None:
    if "CognitoEndpointUrl" not in stack:
        pytest.skip("CloudWatch takes minutes to show a metric")
    before = numbers(stack)
    person = new_person()
    with pytest.raises(SignInError):
        platform.sign_in(replace(person.account, password="Wrong-Horse-9"))

    def grown() -> bool:
        after = numbers(stack)
        return all(
            int(after["accounts", name]) > int(before["accounts", name].replace(UNKNOWN, "0"))
            for name in ("confirmed", "with a second factor", "sign-ins", "failed sign-ins")
        )

    wait_for(grown, "the sign-ins to be counted", timeout=LOGGED_SECONDS)


def test_a_video_from_upload_to_ready_is_counted(
    library: Library, clip: Callable[[str], Path], stack: aws_clients.Outputs
) -> None:
    before = numbers(stack)
    library.wait_ready(library.upload(clip("mp4-silent")).video_id, CONVERSION_TIMEOUT)

    def grown() -> bool:
        after = numbers(stack)
        return all(int(after[name]) > int(before[name]) for name in GROWING)

    wait_for(grown, "the numbers to grow", timeout=LOGGED_SECONDS)
    after = numbers(stack)
    assert int(after["accounts", "confirmed"]) >= 1
    assert float(after["jobs", "cost this month (estimate)"].removeprefix("US$ ")) > 0
    for function in ("video-streaming-upload", "mediaconvert-trigger", "conversion-complete"):
        assert int(after["functions", function].partition(" ")[0]) >= 1
