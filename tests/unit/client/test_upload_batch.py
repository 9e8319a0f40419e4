import io
import json
from dataclasses import replace

import pytest
import requests
from rich.console import Console

from devstack import clips
from devstack.contract.answers import Failure
from devstack.contract.client_errors import ApiError, SignInError
from devstack.upload import account, batch, command
from devstack.upload.account import NoAccountError, sign_in, sign_in_at_terminal, sign_in_by_environment
from devstack.upload.bars import Bars
from devstack.upload.batch import Batch
from devstack.upload.command import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, UploadRequest, run_upload
from devstack.upload.records import Records

from .test_upload_journey import FakeLibrary


class ConvertingLibrary(FakeLibrary):
    """Every upload that arrived moves one step with each look at it; `ends[name]` is how that of a file ends."""

    def __init__(self, bucket):
        super().__init__(bucket)
        self.ends = {}

    def video(self, video_id):
        video = super().video(video_id)
        if f"/{video_id}" in self.bucket.bodies and video.status == "uploading":
            video = replace(video, status="uploaded")
        elif video.status == "uploaded":
            video = replace(video, status="converting", progress=40)
        elif video.status == "converting":
            end = self.ends.get(video.file_name)
            video = replace(video, status="failed" if end else "ready", error=end, width=4, height=2, duration_ms=1500)
        self.videos_by_id[video_id] = video
        return video

    def close(self): ...

    def __enter__(self):
        return self

    def __exit__(self, *_): ...


@pytest.fixture
def library(bucket, monkeypatch):
    monkeypatch.setattr(batch, "WATCH_SECONDS", 0.01)
    return ConvertingLibrary(bucket)


@pytest.fixture
def written():
    return io.StringIO()


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{number}[b].mp4" for number in range(3)]
    for path in paths:
        path.write_bytes(b"x" * 1000)
    return paths


def run_batch(library, line, folder, written, files):
    records = Records(folder / "records", library.site_url, library.owner)
    bars = Bars(Console(file=written, width=200), sum(file.stat().st_size for file in files))
    return Batch(library, records, line, bars).run(files)


def test_every_file_ends_with_one_outcome_in_their_order(library, line, tmp_path, written, files):
    library.ends["1[b].mp4"] = Failure("no_video", "There is no video in it.")
    outcomes = run_batch(library, line, tmp_path, written, files)
    assert [outcome.file for outcome in outcomes] == files
    assert [outcome.is_ready for outcome in outcomes] == [True, False, True]
    assert outcomes[1].reason == "There is no video in it."
    assert list((tmp_path / "records").glob("*.json")) == []
    assert "1[b].mp4: There is no video in it." in written.getvalue()


def test_one_file_that_fails_does_not_stop_the_others(library, line, tmp_path, written, files):
    files[0].unlink()
    library.faults["open_upload"] = [ApiError(415, "unsupported_media_type", "That is no video.")]
    files[0].write_bytes(b"y")
    outcomes = run_batch(library, line, tmp_path, written, files)
    assert sorted(outcome.is_ready for outcome in outcomes) == [False, True, True]


def test_a_video_deleted_while_it_converts_is_an_outcome(library, line, tmp_path, written, files):
    real = library.video

    def vanishing(video_id):
        if real(video_id).status == "converting":
            raise ApiError(404, "not_found", "There is no such video.")
        return library.videos_by_id[video_id]

    library.video = vanishing
    outcomes = run_batch(library, line, tmp_path, written, files[:1])
    assert outcomes[0].reason == "it was deleted meanwhile."


class FakePlatform:
    library_of_test = None

    def __init__(self, outputs, _inbox):
        self.outputs = outputs

    def sign_in(self, _account):
        return self.library_of_test

    def __enter__(self):
        return self

    def __exit__(self, *_): ...


@pytest.fixture
def clip(tmp_path):
    return clips.make_clip("mp4-h264-aac", tmp_path)


@pytest.fixture
def run(library, written, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "Platform", FakePlatform)
    monkeypatch.setattr(FakePlatform, "library_of_test", library)
    for name in (account.EMAIL, account.PASSWORD, account.TOTP_SECRET):
        monkeypatch.setenv(name, "JBSWY3DPEHPK3PXP")

    def run(*paths, **options):
        request = UploadRequest(paths, tmp_path / "records", **options)
        return run_upload({"SiteUrl": "http://site"}, list, request, Console(file=written, width=200))

    return run


def test_all_ready_is_exit_0_and_json_for_scripts(run, clip, capsys, library):
    assert run(clip, as_json=True) == EXIT_OK
    document = json.loads(capsys.readouterr().out)
    (video,) = document["videos"]
    assert document["bytes"] == clip.stat().st_size
    assert (video["file"], video["videoId"], video["status"], video["error"]) == (str(clip), "v1", "ready", None)
    assert library.opened == 1


def test_a_failed_conversion_is_exit_1_and_its_reason(run, clip, capsys, library, written):
    library.ends[clip.name] = Failure("damaged_file", "The file is damaged.")
    assert run(clip, as_json=True) == EXIT_FAILED
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    assert video["error"] == {"code": "damaged_file", "message": "The file is damaged."}
    assert "The file is damaged." in written.getvalue()


def test_one_file_that_is_no_video_keeps_all_from_being_sent(run, clip, tmp_path, library, written):
    note = tmp_path / "note.txt"
    note.write_text("x")
    assert run(clip, note) == EXIT_USAGE
    assert library.opened == 0
    assert str(note) in written.getvalue()


def test_an_incomplete_account_is_exit_2_and_names_what_is_missing(run, clip, library, written, monkeypatch):
    monkeypatch.delenv(account.TOTP_SECRET)
    assert run(clip) == EXIT_USAGE
    assert account.TOTP_SECRET in written.getvalue()
    assert library.opened == 0


def test_nobody_at_the_terminal_is_exit_2_and_says_what_to_do(run, clip, written, monkeypatch):
    for name in (account.EMAIL, account.PASSWORD, account.TOTP_SECRET):
        monkeypatch.delenv(name)
    assert run(clip) == EXIT_USAGE
    assert account.EMAIL in written.getvalue()


def test_a_refused_password_is_one_sentence(run, clip, written, monkeypatch):
    def refuse(*_):
        raise SignInError(400, "NotAuthorizedException", "Incorrect username or password.")

    monkeypatch.setattr(FakePlatform, "sign_in", refuse)
    assert run(clip) == EXIT_USAGE
    assert written.getvalue().strip().endswith("Incorrect username or password.")


def test_ctrl_c_is_exit_130_and_the_next_run_goes_on(run, clip, library, written, monkeypatch):
    real = Batch._watch

    def interrupted(_self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Batch, "_watch", interrupted)
    assert run(clip) == EXIT_INTERRUPTED
    assert "run the same command again" in written.getvalue()
    monkeypatch.setattr(Batch, "_watch", real)
    assert run(clip) == EXIT_OK
    assert len(library.videos_by_id) == 1


def test_a_platform_that_is_away_is_one_sentence(run, clip, library, written):
    library.faults["open_upload"] = [requests.ConnectionError("refused")] * 100
    assert run(clip) == EXIT_FAILED
    assert "does not answer" in written.getvalue()
    assert "refused" not in written.getvalue()


def test_a_code_that_was_used_already_is_followed_by_the_next_one():
    answers = [SignInError(400, "CodeMismatchException", "Invalid code."), "library"]

    class Platform:
        def sign_in(self, _account):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    assert sign_in(Platform(), None) == "library"


def test_a_person_types_into_the_terminal():
    asked = []

    class Identity:
        def prove_password(self, email, password):
            asked.append((email, password))
            return type("Challenge", (), {"name": "SOFTWARE_TOKEN_MFA"})()

        def answer_totp(self, _challenge, code):
            asked.append(code)
            return "tokens"

    class Platform:
        outputs = {"SiteUrl": "http://site"}  # noqa: RUF012
        identity = Identity()

        def library(self, tokens):
            return tokens

    terminal = Console(file=io.StringIO(), force_terminal=True)
    typed = {"E-mail: ": " ana@example.com ", "Code of your authenticator: ": "123 456"}
    assert sign_in_at_terminal(Platform(), terminal, typed.__getitem__, lambda _: "password") == "tokens"
    assert asked == [("ana@example.com", "password"), "123456"]


def test_without_variables_nobody_is_signed_in_by_them():
    assert sign_in_by_environment(None, {}) is None
    with pytest.raises(NoAccountError):
        sign_in_by_environment(None, {account.EMAIL: "ana@example.com"})
