"""CompleteMultipartUpload asked twice: S3 answers both alike, LocalStack would lose the object.

LocalStack empties the parts while it assembles them. A second request for the same upload, sent while the first is
still at work (a client that was told to ask again, a retry after a timeout), truncates the object and assembles it
from nothing. So the requests of one upload take turns; whoever comes second finds the upload gone (`NoSuchUpload`) and
the object there.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Turns:
    """A lock for each name in use; a name that nobody holds or waits for takes no room."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._users: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._locks)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Waits until nobody else is inside with this name."""
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
            self._users[name] += 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                self._users[name] -= 1
                if not self._users[name]:
                    del self._users[name], self._locks[name]


def install() -> None:
    """Puts turns around S3's CompleteMultipartUpload."""
    from localstack.services.s3.provider import S3Provider
    from localstack.utils.patch import patch

    turns = Turns()

    @patch(S3Provider.complete_multipart_upload)  # type: ignore[untyped-decorator]  # LocalStack has no types
    def _in_turn(
        fn: Any, self: Any, context: Any, bucket: str, key: str, upload_id: str, *args: Any, **more: Any
    ) -> Any:
        with turns.of(upload_id):
            return fn(self, context, bucket, key, upload_id, *args, **more)
