import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bootstrap import packaging
from bootstrap.errors import PackagingError
from bootstrap.packaging import NATIVE_SUFFIXES, package_functions

HANDLERS = ("videos_service", "videos_library", "mediaconvert_trigger", "conversion_complete")
PRE_SIGN = "import boto3; boto3.client('s3', region_name='us-east-1', aws_access_key_id='x', aws_secret_access_key='y')"


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


@pytest.mark.parametrize("handler", HANDLERS)
def test_each_handler_imports_from_the_zip_alone(build: Path, tmp_path: Path, handler: str) -> None:
    zipfile.ZipFile(package_functions(build).path).extractall(tmp_path)
    # -I and -S: neither this environment's packages nor the sources are on the path.
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {PRE_SIGN}; import {handler}; {handler}.handler"

    finished = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stderr
