"""Builds the functions' zip, the same bytes from the same sources on every machine.

The zip holds our handlers and their locked dependencies, pure Python only: it runs on the embedded engine with any
supported Python, in LocalStack's containers and on AWS. botocore's service models are cut to the services that
the functions call: 20 MB of JSON less to unpack at every cold start.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap.errors import PackagingError

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "services" / "functions"
LOCK_FILE = ROOT / "requirements" / "functions.lock"
# The template's parameter for `Package.key`.
CODE_PARAMETER = "CodeKey"

# Services whose botocore models the functions need. STS is what botocore itself falls back to for credentials.
SERVICE_MODELS = frozenset({"cloudfront", "s3", "mediaconvert", "sqs", "ssm", "sts"})
# botocore keeps all of CloudFront's versions; a client takes the newest.
NEWEST_CLOUDFRONT = "2020-05-31"
NATIVE_SUFFIXES = frozenset({".so", ".pyd", ".dylib", ".dll"})
# Files of an installation that differ between machines or that nothing reads at run time.
LEFT_OUT_DIRECTORIES = frozenset({"__pycache__", "bin", "Scripts", "tests"})
LEFT_OUT_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
# The zip format's first moment: a fixed time makes the archive depend on its contents alone.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644


@dataclass(frozen=True, slots=True)
class Package:
    """The functions' zip on disk and the SHA-256, in hex, of all that decides its contents."""

    path: Path
    digest: str

    @property
    def key(self) -> str:
        """Key in the artefact bucket: new code is a new key, so CloudFormation sees a change."""
        return f"functions/{self.digest}.zip"


def package_functions(build: Path, *, sources: Path = FUNCTIONS, lock: Path = LOCK_FILE) -> Package:
    """Builds the zip into `build`, or returns the one already there for the same sources.

    Raises:
        PackagingError: a dependency cannot be installed or carries native code.
    """
    build.mkdir(parents=True, exist_ok=True)
    dependencies = install_dependencies(build, lock)
    digest = _source_digest(sources, dependencies)
    path = build / f"functions-{digest[:16]}.zip"
    if not path.exists():
        _write_zip(path, [*_dependency_files(dependencies), *_source_files(sources)])
    return Package(path, digest)


def install_dependencies(build: Path, lock: Path) -> Path:
    """Folder below `build` with what `lock` names, installed unless it is there. Raises PackagingError."""
    target = build / f"dependencies-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if target.is_dir():
        return target
    with tempfile.TemporaryDirectory(dir=build) as scratch:
        staged = Path(scratch) / "dependencies"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--require-hashes", "--no-compile", "--only-binary", ":all:"]
        command += ["--target", str(staged), "--requirement", str(lock)]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode != 0:
            raise PackagingError(
                "The functions' dependencies cannot be installed: "
                f"{_last_line(installed.stderr)} Check the network and try again."
            )
        _move_into_place(staged, target)
    return target


def _move_into_place(staged: Path, target: Path) -> None:
    try:
        staged.rename(target)
    except OSError:
        # Another run finished the same folder first; its contents are the same.
        if not target.is_dir():
            raise


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "pip gave no reason."


def _source_files(sources: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(sources.rglob("*.py")):
        if "__pycache__" not in path.parts:
            yield path.relative_to(sources).as_posix(), path


def _dependency_files(dependencies: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(dependencies.rglob("*")):
        relative = path.relative_to(dependencies)
        if path.is_file() and _is_packaged(relative):
            yield relative.as_posix(), path


def _is_packaged(relative: Path) -> bool:
    if LEFT_OUT_DIRECTORIES.intersection(relative.parts) or relative.name in LEFT_OUT_FILES:
        return False
    if relative.suffix in NATIVE_SUFFIXES:
        raise PackagingError(
            f"{relative} is native code: it would run on this machine only. "
            "Choose a pure Python release of that dependency in requirements/functions.in."
        )
    models = ("botocore", "data")
    if relative.parts[:2] == models and len(relative.parts) > 3:
        service, version = relative.parts[2:4]
        return service in SERVICE_MODELS and (service != "cloudfront" or version == NEWEST_CLOUDFRONT)
    return not (relative.parts[:2] == ("boto3", "data") and len(relative.parts) > 3)


def _source_digest(sources: Path, dependencies: Path) -> str:
    digest = hashlib.sha256(dependencies.name.encode())
    digest.update(Path(__file__).read_bytes())
    for name, path in _source_files(sources):
        digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _write_zip(path: Path, files: Iterable[tuple[str, Path]]) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, source in sorted(files):
            info = zipfile.ZipInfo(name, ZIP_EPOCH)
            info.external_attr = FILE_MODE << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            archive.writestr(info, source.read_bytes(), compresslevel=9)
    shutil.move(partial, path)
