"""One file's way into the library: opened or resumed, sent, completed. May be broken off anywhere and begun again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from devstack.contract import uploading
from devstack.contract.answers import MultipartPlan, StoredPart, Upload, Video
from devstack.contract.client import Library, guess_type
from devstack.contract.client_errors import ApiError, PlatformError, StorageError, UploadInterruptedError
from devstack.contract.uploading import Line
from devstack.upload.patience import patiently
from devstack.upload.records import Fingerprint, Record, Records

ROUNDS = 3
"""Times that an upload is taken up again before the person is asked: its URL expired, its parts were given up."""

CLOCKS_DIFFER_BY = 120.0
"""Seconds between this machine's clock and the platform's, at most, for one to recognise what the other made."""
PAGE = 100
"""Videos asked for at a time while one that was just opened is looked for."""


class FileChangedError(PlatformError):
    """Somebody wrote to the file while it was sent: what arrived is no version of it."""


class Display(Protocol):
    """Shows how far files are; called from several threads."""

    def sending(self, file: Path, size: int) -> None: ...

    def sent(self, file: Path, count: int) -> None: ...

    def resumed(self, file: Path) -> None: ...


class _StartAgainError(Exception):
    """What was under way cannot go on; the next round begins a new upload."""


@dataclass(frozen=True)
class Journey:
    library: Library
    records: Records
    line: Line
    display: Display

    def run(self, file: Path) -> str:
        """Sends the file; returns its video's id once all of it is there.

        Raises FileBusyError, FileChangedError, ApiError, StorageError, UploadInterruptedError, OSError.
        """
        with self.records.held(file):
            for _ in range(ROUNDS):
                self.line.check()
                fingerprint = Fingerprint.of(file)
                self.display.sending(file, fingerprint.size)
                record = self._known(file, fingerprint)
                try:
                    video_id = self._send(file, fingerprint, record)
                except _StartAgainError:
                    continue
                self._remove_doubles(file, video_id)
                return video_id
        raise UploadInterruptedError(f"The upload of {file.name} was refused {ROUNDS} times. Try again later.")

    def _send(self, file: Path, fingerprint: Fingerprint, record: Record | None) -> str:
        if record is None:
            return self._begin(file, Record(None, fingerprint, time.time()))
        if record.video_id is None:
            return self._begin(file, replace(record, fingerprint=fingerprint, asked_again_until=time.time()))
        self.display.resumed(file)
        return self._go_on(file, record, record.video_id)

    def _known(self, file: Path, fingerprint: Fingerprint) -> Record | None:
        """The upload to resume. One of another state of the file is given up."""
        record = self.records.find(file)
        if record is None:
            return None
        if record.video_id is None:
            self._remove_unanswered(file, record)
        elif record.fingerprint != fingerprint:
            self._give_up(file, record.video_id)
            return None
        return record

    def _begin(self, file: Path, opening: Record) -> str:
        self.records.keep(file, opening)
        asked = 0

        def ask() -> Upload:
            nonlocal asked
            asked += 1
            return self.library.open_upload(file.name, guess_type(file.name), opening.fingerprint.size)

        upload = patiently(ask, self.line)
        is_doubtful = asked > 1 or opening.asked_again_until is not None
        record = replace(
            opening,
            video_id=upload.video_id,
            plan=upload.multipart,
            asked_again_until=time.time() if is_doubtful else None,
        )
        self.records.keep(file, record)
        if upload.multipart is None:
            self._put(file, record, upload)
        else:
            self._send_parts(file, record, upload.video_id, upload.multipart, stored=())
        return upload.video_id

    def _remove_doubles(self, file: Path, video_id: str) -> None:
        """What was opened by a call whose answer never came: by now the platform is done with that call."""
        record = self.records.find(file)
        if record is not None and record.asked_again_until is not None:
            self._remove_unanswered(file, record, but=video_id)
            self.records.keep(file, replace(record, asked_again_until=None))

    def _remove_unanswered(self, file: Path, record: Record, but: str | None = None) -> None:
        """The uploads that nobody was told of: same name and size, made then, without a byte."""
        wanted = (file.name, record.fingerprint.size)
        twins = [other for name, other in self.records.others(file) if (name, other.fingerprint.size) == wanted]
        if any(twin.video_id is None for twin in twins):
            return  # a file of the same name is being opened at this moment, and its upload would look the same
        known = {but, *(twin.video_id for twin in twins)}
        since = datetime.fromtimestamp(record.opened - CLOCKS_DIFFER_BY, UTC)
        until = datetime.fromtimestamp((record.asked_again_until or time.time()) + CLOCKS_DIFFER_BY, UTC)
        for video in self._videos_since(since):
            same = (video.file_name, video.size) == wanted and video.status == "uploading"
            other = video.video_id not in known and video.created_at <= until
            if same and other and self._is_empty(video.video_id):
                self._delete(video.video_id)

    def _videos_since(self, since: datetime) -> Iterator[Video]:
        """The newest videos of the library, from the newest on."""
        cursor: str | None = None
        while True:
            page = patiently(partial(self.library.videos, PAGE, cursor), self.line)
            for video in page.videos:
                if video.created_at < since:
                    return
                yield video
            cursor = page.next_cursor
            if cursor is None:
                return

    def _delete(self, video_id: str) -> None:
        patiently(lambda: self.library.delete(video_id), self.line)

    def _is_empty(self, video_id: str) -> bool:
        try:
            return not patiently(lambda: self.library.stored_parts(video_id), self.line)
        except ApiError as error:
            # A file of one PUT has no parts: it is there as a whole, or not at all.
            return error.status == HTTPStatus.CONFLICT

    def _go_on(self, file: Path, record: Record, video_id: str) -> str:
        video = self._video(video_id)
        if video is not None and video.status != "uploading":
            self.display.sent(file, record.fingerprint.size)
            return video_id
        # One PUT leaves nothing to go on from, and its URL is not kept.
        if video is None or record.plan is None:
            self._start_again(file, video_id)
        elif record.parts is None or not self._complete(file, video_id, record.parts):
            self._send_parts(file, record, video_id, record.plan)
        else:
            self.display.sent(file, record.fingerprint.size)
        return video_id

    def _put(self, file: Path, record: Record, upload: Upload) -> None:
        try:
            uploading.put_file(upload, file, lambda count: self.display.sent(file, count), self.line)
        except StorageError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            self._start_again(file, upload.video_id)  # the URL expired on the way
        self._check_unchanged(file, record, upload.video_id)

    def _send_parts(
        self,
        file: Path,
        record: Record,
        video_id: str,
        plan: MultipartPlan,
        stored: tuple[StoredPart, ...] | None = None,
    ) -> None:
        try:
            if stored is None:
                stored = patiently(lambda: self.library.stored_parts(video_id), self.line)
            parts = uploading.put_parts(
                plan,
                file,
                stored,
                lambda numbers: self._part_urls(video_id, numbers),
                lambda count: self.display.sent(file, count),
                self.line,
            )
        except ApiError as error:
            self._over(file, video_id, error)
            return
        except StorageError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._start_again(file, video_id)  # S3 gave the parts up meanwhile
        self._check_unchanged(file, record, video_id)
        whole = record.with_parts(parts)
        self.records.keep(file, whole)
        if not self._complete(file, video_id, parts):
            self.records.keep(file, record)
            raise _StartAgainError  # parts are missing after all: the next round sends those

    def _complete(self, file: Path, video_id: str, parts: tuple[StoredPart, ...]) -> bool:
        """False when S3 does not hold these parts; the upload is kept then."""
        try:
            patiently(lambda: self.library.complete(video_id, parts), self.line)
        except ApiError as error:
            if error.status == HTTPStatus.BAD_REQUEST:
                return False
            self._over(file, video_id, error)
        return True

    def _over(self, file: Path, video_id: str, error: ApiError) -> None:
        """The API takes no more parts of this upload: it arrived, or it is gone for good."""
        if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise error
        video = self._video(video_id)
        if video is None or video.status == "uploading":
            self._start_again(file, video_id)

    def _check_unchanged(self, file: Path, record: Record, video_id: str) -> None:
        if Fingerprint.of(file) == record.fingerprint:
            return
        self._give_up(file, video_id, even_arrived=True)
        raise FileChangedError(f"{file} was changed while it was sent. Upload it again when it is finished.")

    def _start_again(self, file: Path, video_id: str) -> None:
        self._give_up(file, video_id)
        raise _StartAgainError

    def _give_up(self, file: Path, video_id: str, *, even_arrived: bool = False) -> None:
        """No record and no half video stays; one that arrived is a video of its own right."""
        video = self._video(video_id)
        if video is not None and (even_arrived or video.status == "uploading"):
            self._delete(video_id)
        self.records.forget(file)

    def _video(self, video_id: str) -> Video | None:
        try:
            return patiently(lambda: self.library.video(video_id), self.line)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _part_urls(self, video_id: str, numbers: Iterable[int]) -> Mapping[int, str]:
        asked = list(numbers)
        return patiently(lambda: self.library.part_urls(video_id, asked), self.line)
