import io

import pytest
from rich.console import Console

from devstack.contract.client import guess_type
from devstack.demo import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, first_clause, run_demo

CLOSED = "http://127.0.0.1:9"
OUTPUTS = {
    "Region": "us-east-1",
    "SiteUrl": CLOSED,
    "ApiUrl": f"{CLOSED}/api",
    "UserPoolId": "us-east-1_x",
    "UserPoolClientId": "c",
    "AwsEndpointUrl": CLOSED,
    "TempBucketName": "t",
    "AccessKeyId": "test",
    "SecretAccessKey": "test",
}


def run(file):
    written = io.StringIO()
    status = run_demo(OUTPUTS, list, file, Console(file=written, width=200))
    return status, written.getvalue()


@pytest.mark.parametrize("name", ["missing.mp4", "folder", "empty.mp4", "[bold]missing[/bold].mp4"])
def test_a_file_that_cannot_be_sent_is_one_sentence_and_exit_2(name, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mp4").touch()
    status, text = run(tmp_path / name)
    assert status == EXIT_USAGE
    assert len(text.strip().splitlines()) == 1
    assert name in text


def test_a_stack_that_is_down_is_one_sentence_and_exit_1(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"x")
    status, text = run(file)
    assert status == EXIT_FAILED
    assert "Traceback" not in text
    assert "Could not connect" in text.splitlines()[-1]


def test_ctrl_c_is_one_line_and_exit_130(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("devstack.demo.check_file", interrupted)
    status, text = run(tmp_path / "clip.mp4")
    assert status == EXIT_INTERRUPTED
    assert len(text.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.mp4", "video/mp4"),
        ("a.MOV", "video/quicktime"),
        ("férias 🎥.mkv", "video/x-matroska"),
        ("a.mxf", "application/mxf"),
        ("no-ending", "video/x-unknown"),
        ("text.txt", "video/x-unknown"),
    ],
)
def test_every_name_gets_a_type_that_the_api_takes(name, content_type):
    assert guess_type(name) == content_type


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        ("This file holds no video. Upload another.", "this file holds no video"),
        ("MP4 files need an index.", "MP4 files need an index"),
        ("A frame is 3.5 times too large", "a frame is 3.5 times too large"),
        ("", ""),
    ],
)
def test_a_reason_goes_on_after_a_colon(message, clause):
    assert first_clause(message) == clause
