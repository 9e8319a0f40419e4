"""Outputs of jobs that ended, taken back when the process died before, or S3 was away.

Jobs that are unfinished are not touched: they begin again and overwrite what they wrote.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from mediaconvert_standin.running.conversion import Tools, undo_earlier
from mediaconvert_standin.state.jobs import UNFINISHED
from mediaconvert_standin.storage.journal import Journal

# S3 and STS may come back later than this process; after the last pause the next start tries again.
PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

logger = logging.getLogger("mediaconvert_standin")


class TakingBack:
    """A thread that ends when nothing is left to be taken back."""

    def __init__(self, tools: Tools, pauses: Sequence[float] = PAUSES_SECONDS) -> None:
        self._tools = tools
        self._pauses = pauses
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._ended(),), name="taking-back", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _ended(self) -> list[str]:
        """Jobs with notes of uploads that no process of theirs will look at again."""
        noted = self._tools.database.jobs_with_uploads()
        return [job_id for job_id in noted if getattr(self._tools.store.get(job_id), "status", "") not in UNFINISHED]

    def _run(self, left: list[str]) -> None:
        for pause in self._pauses:
            left = [job_id for job_id in left if not self._settle(job_id)]
            if not left or self._stopping.wait(pause):
                return
        logger.warning("outputs of %s could not be taken back; the next start tries again", ", ".join(left))

    def _settle(self, job_id: str) -> bool:
        """Whether no note is left."""
        try:
            job = self._tools.store.get(job_id)
            journal = Journal(self._tools.database, job_id)
            if job is None or job.status == "COMPLETE":  # its outputs are to stay, or nobody knows whose role to take
                journal.clear()
            else:
                undo_earlier(self._tools, job)
            return not journal.noted()
        except Exception:
            logger.exception("job %s: its outputs could not be taken back", job_id)
            return False
