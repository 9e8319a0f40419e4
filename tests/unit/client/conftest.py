import pytest
from serving import serving

from devstack.contract import uploading

from .bucket import Bucket


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setattr(uploading, "FIRST_PAUSE", 0)
    with serving(Bucket()) as server:
        yield server


@pytest.fixture
def line():
    with uploading.Line() as line:
        yield line


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 4000)
    return path
