"""Files of an HLS, DASH or CMAF group on their way to be published, each with its type and its stage."""

from __future__ import annotations

from pathlib import Path

from mediaconvert_standin.job_settings.plan import S3Location, S3Options
from mediaconvert_standin.packaging.results import CHILD_PLAYLISTS, MANIFESTS, Collected, Upload, Workshop, content_type


def path_from(manifest: str, key: str) -> str:
    """A key as a manifest with the key ``manifest`` has to name it: name modifiers may hold slashes.

    Not posixpath.relpath: that tidies up keys such as ``a//b``, which are other objects then.
    """
    folders, parts = manifest.split("/")[:-1], key.split("/")
    shared = 0
    while shared < min(len(folders), len(parts) - 1) and folders[shared] == parts[shared]:
        shared += 1
    return "/".join([*[".."] * (len(folders) - shared), *parts[shared:]])


class GroupFiles:
    def __init__(self, workshop: Workshop, collected: Collected, s3: S3Options, *, gzip_manifests: bool) -> None:
        self._workshop = workshop
        self._collected = collected
        self._s3 = s3
        self._gzip = gzip_manifests

    def media(self, path: Path, location: S3Location, kind: str) -> None:
        self._collected.add(Upload(path, location, kind, self._s3))

    def child_playlist(self, name: str, location: S3Location, text: str) -> None:
        """``name`` is that of the local file."""
        self._manifest(name, location, text, CHILD_PLAYLISTS)

    def manifest(self, name: str, location: S3Location, text: str) -> None:
        self._manifest(name, location, text, MANIFESTS)

    def _manifest(self, name: str, location: S3Location, text: str, stage: int) -> None:
        kind = content_type(name.rpartition(".")[2])
        path = self._workshop.write(name, text, gzipped=self._gzip)
        self._collected.add(Upload(path, location, kind, self._s3, "gzip" if self._gzip else None, stage))
