"""The cost guard: what conversions cost per video, per owner and month, and per stage and month.

An amount is put into the owner's and the stage's document of the month before the job is made, under the attempt it
is for: asking twice for the same attempt counts once. A job that ended in ERROR costs nothing at MediaConvert and
gives its amount back; one that was canceled or published does not, deleted or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sstech_video import keys
from sstech_video.months import Month, Months, month_at
from sstech_video.pricing import dollars


class CostLimitError(Exception):
    """A limit would be exceeded; the message is for the owner of the video."""


@dataclass(frozen=True)
class CostLimits:
    """Micro-dollars."""

    per_video: int
    per_owner: int
    per_stage: int


@dataclass(frozen=True)
class Spending:
    months: Months
    limits: CostLimits

    def reserve(self, owner: str, video_id: str, attempt: int, cost: int, now: datetime) -> None:
        """Put the cost of an attempt on the books. Raises `CostLimitError`, and books nothing then."""
        if cost > self.limits.per_video:
            raise CostLimitError(
                f"Converting this video would cost about {dollars(cost)}, more than one video may:"
                f" {dollars(self.limits.per_video)}. Cut it into shorter ones and upload those."
            )
        month, key = month_at(now), attempt_key(video_id, attempt)
        own = keys.usage(owner, month)
        self._book(own, key, cost, self.limits.per_owner, "you may spend")
        try:
            self._book(keys.usage(keys.EVERYBODY, month), key, cost, self.limits.per_stage, "everybody may spend")
        except CostLimitError:
            self._strike(own, key)
            raise

    def refund(self, owner: str, video_id: str, attempt: int, reserved_at: datetime) -> None:
        """Give back what an attempt that failed had reserved; nothing happens the second time."""
        month, key = month_at(reserved_at), attempt_key(video_id, attempt)
        self._strike(keys.usage(owner, month), key)
        self._strike(keys.usage(keys.EVERYBODY, month), key)

    def _book(self, document: str, key: str, cost: int, limit: int, whose: str) -> None:
        def add(month: Month) -> Month:
            others = sum(amount for known, amount in month.spent.items() if known != key)
            if others + cost > limit:
                raise CostLimitError(
                    f"Converting this video would cost about {dollars(cost)}, more than is left of the"
                    f" {dollars(limit)} {whose} in a month. Try again next month."
                )
            return replace(month, spent={**month.spent, key: cost})

        self.months.update(document, add)

    def _strike(self, document: str, key: str) -> None:
        self.months.update(
            document,
            lambda month: replace(month, spent={known: cost for known, cost in month.spent.items() if known != key}),
        )


def attempt_key(video_id: str, attempt: int) -> str:
    return f"{video_id}-{attempt}"
