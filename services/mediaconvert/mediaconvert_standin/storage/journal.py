"""What a job has begun to upload, on disk before it is begun: another process can then finish or undo it."""

from __future__ import annotations

from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.state.database import Database


class Journal:
    """Of one job. The value of an entry is the id of a multipart upload, empty for a plain one."""

    def __init__(self, database: Database, job_id: str) -> None:
        self._database = database
        self._job_id = job_id

    def note(self, location: S3Location, upload_id: str = "") -> None:
        self._database.note_upload(self._job_id, location.bucket, location.key, upload_id)

    def noted(self) -> dict[S3Location, str]:
        return {S3Location(bucket, key): upload_id for bucket, key, upload_id in self._database.uploads(self._job_id)}

    def clear(self) -> None:
        self._database.forget_uploads(self._job_id)
