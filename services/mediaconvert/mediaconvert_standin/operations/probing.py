"""Probe: what is in a file, from the parts of it that say so."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from mediaconvert_standin.errors import (
    BadRequest,
    Forbidden,
    JobError,
    NotFound,
    ReadDenied,
    SourceMissing,
    Unsupported,
)
from mediaconvert_standin.events.reports import probe_result
from mediaconvert_standin.inspection.prober import ProbeError
from mediaconvert_standin.inspection.sniff import SNIFF_BYTES, sniff
from mediaconvert_standin.job_settings.locations import parse_s3_uri
from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.running.conversion import Tools
from mediaconvert_standin.storage.sources import Source

Json = dict[str, Any]

MAX_PROBE_FILES = 10


class Probing:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def probe(self, request: Json) -> Json:
        files = request.get("inputFiles") or []
        if not 1 <= len(files) <= MAX_PROBE_FILES:
            raise BadRequest(f"/inputFiles: Should have at least 1 items and at most {MAX_PROBE_FILES} items")
        return {"probeResults": [self._probe(item.get("fileUrl") or "", index) for index, item in enumerate(files)]}

    def _probe(self, uri: str, index: int) -> Json:
        if uri.startswith(("http://", "https://")):
            raise Unsupported(f"/inputFiles/{index}/fileUrl over http; use s3://")
        location = parse_s3_uri(uri, f"/inputFiles/{index}/fileUrl")
        work_dir = self._tools.settings.work_dir / "probes"
        work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=work_dir) as folder:
            return self._probe_into(location, Path(folder) / "in0.bin")

    def _probe_into(self, location: S3Location, path: Path) -> Json:
        source = Source(self._tools.clients.s3, location)
        try:
            found = source.download_windows(path)
        except SourceMissing as error:
            raise NotFound(error.message) from error
        except ReadDenied as error:
            raise Forbidden(error.message) from error
        except JobError as error:
            raise BadRequest(error.message) from error
        with path.open("rb") as file:
            container = sniff(file.read(SNIFF_BYTES))
        if container is None:
            return probe_result(None, found)
        try:
            return probe_result(self._tools.prober.probe(path, container), found)
        except ProbeError:
            return probe_result(None, found)
