"""Taking a deleted video out of the CDN's caches.

Without its signed cookies nobody can fetch what a cache still holds; but what is deleted shall be gone there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sstech_video import aws, keys
from sstech_video.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

# CloudFront works on so many wildcard paths at a time: the objects' own lifetime in the caches ends the rest.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
TOO_MANY: Final = "TooManyInvalidationsInProgress"


@dataclass(frozen=True)
class Invalidation:
    """`distribution_id` is None where no distribution of ours caches anything."""

    cloudfront: Callable[[], CloudFrontClient]
    distribution_id: str | None

    def of_video(self, owner: str, video_id: str) -> None:
        """One wildcard path, whatever the number of files. Asking again for the same video is one invalidation."""
        if self.distribution_id is None:
            return
        path = f"/{keys.media(owner, video_id)}*"
        batch = {"Paths": {"Quantity": 1, "Items": [path]}, "CallerReference": f"deleted-{video_id}"}
        with aws.ignoring(TOO_MANY):
            self.cloudfront().create_invalidation(
                DistributionId=self.distribution_id,
                InvalidationBatch=batch,  # type: ignore[arg-type]
            )
            logger.info("taken out of the CDN's caches", extra={"path": path})
