"""The demo proves the real flow, and says so only when it is true."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from devstack.contract.aws_clients import Outputs
from devstack.contract.inbox import read_inbox
from devstack.demo import EXIT_FAILED, EXIT_OK, run_demo


def run(stack: Outputs, file: Path | None) -> tuple[int, str]:
    written = io.StringIO()
    status = run_demo(stack, lambda: read_inbox(stack), file, Console(file=written, width=200))
    return status, written.getvalue()


def test_without_a_file_it_makes_a_clip_and_proves_everything(stack: Outputs) -> None:
    status, text = run(stack, None)
    assert status == EXIT_OK, text
    for step in ("Second factor", "Upload", "Conversion", "Play the MP4", "Play HLS", "Clean-up"):
        assert step in text
    assert stack["SiteUrl"] in text


@pytest.mark.parametrize("name", ["Férias [2024] — praia 🏖️.mkv", "-rf *.mkv", "no ending"])
def test_any_file_name_works(name: str, stack: Outputs, clip: Callable[[str], Path], tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(clip("mkv-vp9-opus").read_bytes())
    status, text = run(stack, file)
    assert status == EXIT_OK, text


@pytest.mark.parametrize("name", ["corrupt", "m4a-audio-only"])
def test_what_cannot_be_converted_is_one_sentence_and_the_original_is_kept(
    name: str, stack: Outputs, clip: Callable[[str], Path]
) -> None:
    status, text = run(stack, clip(name))
    assert status == EXIT_FAILED
    last = text.strip().splitlines()[-1]
    assert last.startswith(clip(name).name)
    assert last.endswith("the original is kept.")
    assert "Traceback" not in text
