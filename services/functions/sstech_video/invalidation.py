"""Taking a deleted video out of the CDN's caches.

Without its signed cookies nobody can fetch what a cache still holds; but what is deleted shall be gone there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sstech_video import aws, keys
from sstech_video.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

# CloudFront works on so many wildcard paths at a time.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
TOO_MANY: Final = "TooManyInvalidationsInProgress"


@dataclass(frozen=True)
class Invalidation:
    """`distribution_id` is None where no distribution of ours caches anything."""

    cloudfront: Callable[[], CloudFrontClient]
    distribution_id: str | None

    def of_video(self, owner: str, video_id: str) -> bool:
        """Whether it is done or under way; else CloudFront has too much to do, and is to be asked later.

        One wildcard path, whatever the number of files. Asking again for the same video is one invalidation.
        """
        if self.distribution_id is None:
            return True
        path = f"/{keys.media(owner, video_id)}*"
        batch = {"Paths": {"Quantity": 1, "Items": [path]}, "CallerReference": f"deleted-{video_id}"}
        try:
            self.cloudfront().create_invalidation(
                DistributionId=self.distribution_id,
                InvalidationBatch=batch,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if aws.error_code(error) == TOO_MANY:
                return False
            raise
        logger.info("taken out of the CDN's caches", extra={"path": path})
        return True
