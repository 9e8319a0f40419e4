"""Puts the site into its bucket: only what changed, with content types and cache headers."""

import hashlib
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# The page itself is asked for again each time; files under assets/ carry a hash in their name and never change.
HASHED_FOLDER = "assets/"
CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_REVALIDATE = "no-cache"
# The system's own tables differ between machines; a site needs only these.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


def publish_site(s3: "S3Client", bucket: str, files: dict[str, bytes]) -> list[str]:
    """Makes `bucket` hold exactly `files` (key to content); returns the keys that were written or removed."""
    present = {
        entry["Key"]: entry["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    }
    changed = [key for key, body in files.items() if present.get(key) != _etag(body)]
    # What a page refers to is there before the page.
    for key in sorted(changed, key=lambda key: key.endswith(".html")):
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=files[key],
            ContentType=content_type(key),
            CacheControl=CACHE_FOREVER if key.startswith(HASHED_FOLDER) else CACHE_REVALIDATE,
        )
    stale = [key for key in present if key not in files]
    for key in stale:
        s3.delete_object(Bucket=bucket, Key=key)
    return sorted([*changed, *stale])


def invalidation_paths(keys: Iterable[str]) -> list[str]:
    """What CloudFront must forget when `keys` have changed: never a file whose name changes with its content."""
    paths = {f"/{key}" for key in keys if not key.startswith(HASHED_FOLDER)}
    # The page is fetched by its folder's name.
    return sorted(paths | ({"/"} if "/index.html" in paths else set()))


def read_site(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by its key."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def content_type(key: str) -> str:
    """Content type by the key's ending; unknown endings are bytes."""
    suffix = Path(key).suffix.lower()
    return CONTENT_TYPES.get(suffix) or mimetypes.guess_type(key)[0] or "application/octet-stream"


def _etag(body: bytes) -> str:
    # S3's ETag of a single PUT is the MD5 of the body; it only tells whether an upload is needed.
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
