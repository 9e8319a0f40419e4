from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import running_engine

from bootstrap.platform import Deployment, Engine

PARAMETERS = {
    "Delivery": "stand-in",
    "SiteUrl": "http://127.0.0.1:1",
    "UploadOrigins": "http://127.0.0.1:1",
    "TlsOnly": "false",
    "SignUp": "open",
    "CognitoEndpointUrl": "http://127.0.0.1:1",
    "MediaConvertEndpointUrl": "http://127.0.0.1:1",
    "MediaConvertEventSource": "emulated.mediaconvert",
}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An embedded engine of this worker's own."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield Engine("us-east-1", url, "test", "test")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder that the commands use: dependencies are fetched once, not once per test."""
    return Path(__file__).resolve().parents[3] / "build"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, build: Path) -> Deployment:
    """The whole platform with a site of one page."""
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text("<!doctype html><title>site</title>")
    return Deployment("local", site, build, PARAMETERS)
