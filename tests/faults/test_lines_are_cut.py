"""Connections break in the middle of parts, of whole files and of calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from integration.people import Person
from integration.store import Store

from devstack.contract.client import Library
from devstack.contract.detour import Detour
from devstack.contract.uploading import Line
from devstack.upload.journey import Journey
from devstack.upload.records import Records

from .audit import Numbers, check
from .cutting_proxy import CuttingProxy
from .stack import FaultyStack

SEED = 20260101
PARALLEL = 4
RANGE = 8 * 1024 * 1024


class Counter:
    """A display that only adds up."""

    def __init__(self) -> None:
        self.total = 0

    def sending(self, _file: Path, _size: int) -> None:
        self.total = 0

    def sent(self, _file: Path, count: int) -> None:
        self.total += count

    def resumed(self, _file: Path) -> None: ...


def proxy(stack: ExitStack, url: str, cuts: int, longest: int) -> tuple[str, CuttingProxy]:
    there = urlsplit(url)
    cutting = CuttingProxy(there.hostname or "", there.port or 80, cuts, longest, SEED)
    return there.netloc, stack.enter_context(cutting.running())


def send(library: Library, file: Path, records: Path, outputs: Mapping[str, str], cuts: int, longest: int) -> int:
    """Uploads over lines to S3 and to the API that break; returns how often they did."""
    with ExitStack() as lines:
        s3, s3_line = proxy(lines, outputs["AwsEndpointUrl"], cuts, longest)
        api, api_line = proxy(lines, library.site_url, cuts=4, longest=400)
        detour = Detour({s3: s3_line.address, api: api_line.address}, PARALLEL)
        library.go_through(detour)
        counter = Counter()
        with Line(PARALLEL, detour) as line:
            journey = Journey(library, Records(records, library.site_url, library.owner), line, counter)
            journey.run(file)
        assert counter.total == file.stat().st_size
        assert s3_line.cut == cuts
        return s3_line.cut + api_line.cut


def held(store: Store, key: str, size: int) -> str:
    """Digest of an object, read in ranges: the engine multiplies whole reads in memory."""
    digest = hashlib.sha256()
    for start in range(0, size, RANGE):
        part = store.s3.get_object(Bucket=store.temp, Key=key, Range=f"bytes={start}-{min(start + RANGE, size) - 1}")
        digest.update(part["Body"].read())
    return digest.hexdigest()


def test_every_part_arrives_whole_over_a_line_that_breaks(
    stack: FaultyStack, store: Store, person: Person, large: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    # Nobody converts it, so that the original can be looked at.
    stack.kill("mediaconvert")
    try:
        numbers.faults = send(library, large, tmp_path / "records", stack.outputs, cuts=12, longest=20_000_000)
        assert numbers.faults >= 12
        (key,) = store.keys(store.temp, f"uploads/{library.owner}/")
        with large.open("rb") as stream:
            assert held(store, key, large.stat().st_size) == hashlib.file_digest(stream, "sha256").hexdigest()
    finally:
        stack.start_mediaconvert()
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert video.status == "ready"


def test_a_small_file_arrives_whole_over_a_line_that_breaks(
    stack: FaultyStack, store: Store, person: Person, long: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    numbers.faults = send(library, long, tmp_path / "records", stack.outputs, cuts=4, longest=long.stat().st_size)
    assert numbers.faults >= 4
    videos = check(stack, store, library, numbers, uploads=1)
    assert videos[0].size == long.stat().st_size
