"""A deleted video leaves the CDN's caches."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sstech_video.invalidation import TOO_MANY, Invalidation
from sstech_video.video_ids import new_video_id

from .harness import NOW

VIDEO = new_video_id(NOW)


class CloudFront:
    def __init__(self, refusal: str = "") -> None:
        self.asked: list[dict[str, Any]] = []
        self._refusal = refusal

    def create_invalidation(self, **request: Any) -> None:
        if self._refusal:
            raise ClientError({"Error": {"Code": self._refusal}}, "CreateInvalidation")
        self.asked.append(request)


def invalidation(cloudfront: CloudFront, distribution_id: str | None = "E1") -> Invalidation:
    return Invalidation(lambda: cloudfront, distribution_id)  # type: ignore[arg-type,return-value]


def test_one_wildcard_covers_every_file_of_the_video_and_no_other() -> None:
    cloudfront = CloudFront()
    invalidation(cloudfront).of_video("owner", VIDEO)
    (request,) = cloudfront.asked
    assert request["DistributionId"] == "E1"
    assert request["InvalidationBatch"]["Paths"] == {"Quantity": 1, "Items": [f"/media/owner/{VIDEO}/*"]}


def test_a_deletion_that_is_repeated_is_the_same_invalidation() -> None:
    cloudfront = CloudFront()
    for _ in range(2):
        invalidation(cloudfront).of_video("owner", VIDEO)
    assert len({request["InvalidationBatch"]["CallerReference"] for request in cloudfront.asked}) == 1


def test_without_a_distribution_nothing_is_asked() -> None:
    cloudfront = CloudFront()
    assert invalidation(cloudfront, None).of_video("owner", VIDEO)
    assert cloudfront.asked == []


def test_a_full_invalidation_queue_is_told_so_that_it_is_asked_again() -> None:
    assert not invalidation(CloudFront(TOO_MANY)).of_video("owner", VIDEO)
    assert invalidation(CloudFront()).of_video("owner", VIDEO)


def test_other_refusals_are_heard() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        invalidation(CloudFront("AccessDenied")).of_video("owner", VIDEO)
