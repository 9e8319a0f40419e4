import threading

import pytest

from devstack import uploading

from .bucket import Bucket


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setattr(uploading, "FIRST_PAUSE", 0)
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def line():
    with uploading.Line() as line:
        yield line


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 4000)
    return path
