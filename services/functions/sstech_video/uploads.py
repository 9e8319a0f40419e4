"""How a file of any size gets into S3: one PUT, or a legal plan of parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
MAX_FILE_BYTES: Final = 5 * 1024 * GIB
MAX_PARTS: Final = 10_000
MIN_PART_BYTES: Final = 5 * MIB
MAX_PART_BYTES: Final = 5 * GIB

# Our own choices: up to here a broken upload starts again, beyond it resumes by parts.
SINGLE_PUT_BYTES: Final = 100 * MIB
PREFERRED_PART_BYTES: Final = 16 * MIB

URL_LIFETIME_SECONDS: Final = 3600


@dataclass(frozen=True)
class PartPlan:
    """Parts of one size, except for a shorter last one. Sizes in bytes."""

    size: int
    part_size: int

    @property
    def part_count(self) -> int:
        return -(-self.size // self.part_size)

    def length(self, part_number: int) -> int:
        """Exact length of a part, numbered from 1."""
        if not 1 <= part_number <= self.part_count:
            raise ValueError(f"part {part_number} of {self.part_count}")
        return min(self.part_size, self.size - (part_number - 1) * self.part_size)


def plan(size: int) -> PartPlan | None:
    """None when one PUT will do. Raises ValueError for what S3 cannot hold."""
    if not 1 <= size <= MAX_FILE_BYTES:
        raise ValueError(f"{size} bytes")
    if size <= SINGLE_PUT_BYTES:
        return None
    smallest = -(-size // MAX_PARTS)
    whole_mib = -(-smallest // MIB) * MIB
    return PartPlan(size, max(PREFERRED_PART_BYTES, whole_mib))
