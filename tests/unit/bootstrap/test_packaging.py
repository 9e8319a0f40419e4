import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bootstrap import packaging
from bootstrap.errors import PackagingError
from bootstrap.packaging import NATIVE_SUFFIXES, package_functions

HANDLERS = ("videos_service", "videos_library", "mediaconvert_trigger", "conversion_complete")
# Every factory of the functions' clients that takes no argument.
MAKE_EVERY_CLIENT = """
import inspect
from sstech_video import aws
factories = [one for one in vars(aws).values() if hasattr(one, "cache_clear") and not inspect.signature(one).parameters]
assert len(factories) >= 4, factories
for factory in factories:
    factory()
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    (folder / "package").mkdir(parents=True)
    (folder / "handler.py").write_text("def handler(event, context): ...\n")
    (folder / "package" / "__init__.py").write_text("")
    return folder


def test_same_sources_give_the_same_bytes(build: Path, sources: Path) -> None:
    first = package_functions(build, sources=sources)
    before = first.path.read_bytes()
    first.path.unlink()
    (sources / "handler.py").touch()

    second = package_functions(build, sources=sources)

    assert second.path.read_bytes() == before
    assert second.key == first.key


def test_a_changed_source_gives_a_new_key(build: Path, sources: Path) -> None:
    before = package_functions(build, sources=sources)
    (sources / "handler.py").write_text("def handler(event, context): return 1\n")

    assert package_functions(build, sources=sources).key != before.key


def test_the_zip_holds_the_handlers_and_no_native_code(build: Path) -> None:
    names = zipfile.ZipFile(package_functions(build).path).namelist()

    assert {f"{handler}.py" for handler in HANDLERS} <= set(names)
    assert not [name for name in names if Path(name).suffix in NATIVE_SUFFIXES]
    assert not [name for name in names if "__pycache__" in name]


def test_native_code_is_refused(tmp_path: Path) -> None:
    native = tmp_path / "fast" / "_fast.so"
    native.parent.mkdir()
    native.touch()

    with pytest.raises(PackagingError, match="native code"):
        list(packaging._dependency_files(tmp_path))


@pytest.fixture(scope="module")
def unpacked(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(package_functions(build).path).extractall(folder)
    return folder


def _run_with_the_zip_alone(unpacked: Path, program: str) -> None:
    # -I and -S: neither this environment's packages nor the sources are on the path.
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{program}"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("handler", HANDLERS)
def test_each_handler_imports_from_the_zip_alone(unpacked: Path, handler: str) -> None:
    _run_with_the_zip_alone(unpacked, f"import {handler}; {handler}.handler")


def test_the_zip_holds_the_model_of_every_service_the_functions_call(unpacked: Path) -> None:
    _run_with_the_zip_alone(unpacked, MAKE_EVERY_CLIENT)
