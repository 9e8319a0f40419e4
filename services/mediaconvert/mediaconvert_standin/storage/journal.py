"""What a job has begun to upload, on disk before it is begun: another process can then finish or undo it."""

from __future__ import annotations

from dataclasses import dataclass

from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.state.database import Database


@dataclass(frozen=True)
class Note:
    """The object at ``location`` may be the job's, or, with an id, a multipart upload to it was begun.

    A multipart upload leaves the object that is there alone until it is completed.
    """

    location: S3Location
    upload_id: str = ""


class Journal:
    """Of one job."""

    def __init__(self, database: Database, job_id: str) -> None:
        self._database = database
        self._job_id = job_id

    def note(self, note: Note) -> bool:
        """Write it down; False when it was noted before, by an earlier try of the job."""
        return self._database.note_upload(self._job_id, note.location.bucket, note.location.key, note.upload_id)

    def forget(self, note: Note) -> None:
        self._database.forget_upload(self._job_id, note.location.bucket, note.location.key, note.upload_id)

    def own(self, location: S3Location) -> None:
        """This job has just written the object: no other job is to take it back."""
        self._database.own_upload(self._job_id, location.bucket, location.key)

    def noted(self) -> list[Note]:
        """In the order in which they were noted."""
        return [Note(S3Location(bucket, key), upload) for bucket, key, upload in self._database.uploads(self._job_id)]

    def clear(self) -> None:
        self._database.forget_uploads(self._job_id)
