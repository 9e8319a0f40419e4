from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video import uploads
from sstech_video.uploads import GIB, MIB

LARGEST_WITH_SMALLEST_PARTS = uploads.MAX_PARTS * uploads.MIN_PART_BYTES
"""48.83 GiB: beyond it, parts of 5 MiB would be more than 10,000."""


@pytest.mark.parametrize("size", [1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 100 * MIB - 1, 104_857_600])
def test_up_to_100_mib_one_put_will_do(size: int) -> None:
    assert uploads.plan(size) is None


@pytest.mark.parametrize(
    ("size", "part_size", "part_count"),
    [
        (104_857_601, 16 * MIB, 7),
        (1 * GIB, 16 * MIB, 64),
        (5 * GIB, 16 * MIB, 320),
        (5 * GIB + 1, 16 * MIB, 321),
        (LARGEST_WITH_SMALLEST_PARTS, 16 * MIB, 3_125),
        (LARGEST_WITH_SMALLEST_PARTS + 1, 16 * MIB, 3_126),
        (160_000 * MIB, 16 * MIB, 10_000),
        (1024 * GIB, 105 * MIB, 9_987),
        (160_000 * MIB + 1, 17 * MIB, 9_412),
        (5_497_558_138_880, 525 * MIB, 9_987),
    ],
)
def test_larger_files_get_a_plan(size: int, part_size: int, part_count: int) -> None:
    plan = uploads.plan(size)
    assert plan is not None
    assert (plan.part_size, plan.part_count) == (part_size, part_count)


@given(st.integers(104_857_601, uploads.MAX_FILE_BYTES))
def test_every_plan_is_legal_and_covers_the_file(size: int) -> None:
    plan = uploads.plan(size)
    assert plan is not None
    assert uploads.MIN_PART_BYTES <= plan.part_size <= uploads.MAX_PART_BYTES
    assert 1 <= plan.part_count <= uploads.MAX_PARTS
    last = plan.length(plan.part_count)
    assert 1 <= last <= plan.part_size
    assert (plan.part_count - 1) * plan.part_size + last == size
    assert plan.length(1) == plan.part_size


@pytest.mark.parametrize("size", [0, -1, uploads.MAX_FILE_BYTES + 1, 6 * 1024 * GIB])
def test_what_s3_cannot_hold_has_no_plan(size: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        uploads.plan(size)


@pytest.mark.parametrize("number", [0, 8, -1])
def test_there_are_no_parts_outside_the_plan(number: int) -> None:
    plan = uploads.plan(104_857_601)
    assert plan is not None
    with pytest.raises(ValueError, match="of 7"):
        plan.length(number)
