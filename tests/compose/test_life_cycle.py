"""Containers come up, die, come back and go, and nobody loses a video or keeps rubbish."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import requests
from integration.people import new_email
from testcontainers.compose import DockerCompose

from devstack import clips
from devstack.contract.client import Library, Platform, new_password
from devstack.contract.client_errors import PlatformError
from devstack.media import decode
from devstack.waiting import wait_for

from .conftest import PORT_VARIABLES, Stack, everything

CONVERSION_TIMEOUT = 600
RECOVERY_TIMEOUT = 600


def join(platform: Platform) -> Library:
    return platform.join(new_email(), new_password())[1]


def holds(ask: Callable[[], object]) -> bool:
    """Whether `ask` succeeds: services that are coming back refuse for a while."""
    try:
        ask()
    except (PlatformError, requests.RequestException):
        return False
    return True


@pytest.fixture
def long_clip(tmp_path: Path) -> Path:
    """Long enough to be killed in the middle of its conversion."""
    return clips.make_clip("mp4-h264-aac", tmp_path, seconds=15, size=(1280, 720))


def test_up_ends_with_a_working_site(stack: Stack) -> None:
    page = requests.get(stack.outputs["SiteUrl"], timeout=60)

    assert page.status_code == 200
    assert "SStech Video" in page.text
    assert "Content-Security-Policy" in page.headers


@pytest.mark.parametrize("service", ["mediaconvert", "cdn", "cognito"])
def test_killing_a_stand_in_loses_no_video(stack: Stack, long_clip: Path, service: str) -> None:
    with stack.platform() as platform:
        library = join(platform)
        video_id = library.upload(long_clip).video_id
        wait_for(lambda: library.video(video_id).status == "converting", "the job", timeout=CONVERSION_TIMEOUT)

        stack.kill(service)
        stack.start(service)

        wait_for(lambda: holds(lambda: library.video(video_id)), f"{service} to be back", timeout=RECOVERY_TIMEOUT)
        library.wait_ready(video_id, CONVERSION_TIMEOUT)
        playback = library.playback(video_id)
        fetch = partial(library.fetch, playback.mp4_url, playback)
        wait_for(lambda: holds(fetch), "the CDN to be back", timeout=RECOVERY_TIMEOUT)
        assert decode(fetch().content).video_frames > 0


def test_killing_cognito_loses_no_account(stack: Stack) -> None:
    with stack.platform() as platform:
        account, _ = platform.join(new_email(), new_password())

        stack.kill("cognito")
        stack.start("cognito")

        wait_for(lambda: holds(lambda: platform.sign_in(account)), "the sign-in", timeout=RECOVERY_TIMEOUT)


def test_killing_localstack_ends_in_a_clean_empty_working_stack_and_a_plain_word(stack: Stack, tmp_path: Path) -> None:
    before = dict(stack.outputs)
    with stack.platform() as platform:
        account, library = platform.join(new_email(), new_password())
        assert library.videos().videos == ()

    stack.kill("localstack")
    stack.start("localstack")

    wait_for(lambda: stack.outputs != before, "a new deployment", timeout=RECOVERY_TIMEOUT)
    with stack.platform() as platform:
        wait_for(lambda: holds(lambda: join(platform)), "sign-up", timeout=RECOVERY_TIMEOUT)
        with pytest.raises(PlatformError):
            platform.sign_in(account)
        library = join(platform)
        video_id = library.upload(clips.make_clip("mp4-h264-aac", tmp_path)).video_id
        library.wait_ready(video_id, CONVERSION_TIMEOUT)
    assert "LocalStack" in stack.logs("keeper")


def test_down_with_volumes_leaves_nothing(before: frozenset[str], compose: DockerCompose, stack: Stack) -> None:
    assert stack.outputs
    assert len(everything() - before) > len(PORT_VARIABLES)

    compose.stop(down=True)

    assert everything() - before == frozenset()
