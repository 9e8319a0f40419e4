from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from cdn_harness import BACKENDS, KEY_PAIR_ID, LOCAL, NOW, Signer, Viewer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine import running_engine
from mypy_boto3_s3 import S3Client
from serving import AsgiServer
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bootstrap.distribution import distribution_document
from bootstrap.signing_key import PublicKey
from cdn_standin.app import create_app
from cdn_standin.deployment import Deployment, parse_deployment
from cdn_standin.settings import Settings


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def signer(private_key: rsa.RSAPrivateKey) -> Signer:
    return Signer(private_key)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded engine's S3, on a free port."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def s3(engine: str) -> S3Client:
    client = boto3.client(
        "s3",
        endpoint_url=engine,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket="site")
    client.create_bucket(Bucket="media")
    return client


@pytest.fixture(scope="session")
def make_settings() -> Callable[..., Settings]:
    def make(**changed: object) -> Settings:
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": 8080,
            "deployment_file": Path("unread"),
            "s3_endpoint_url": "http://127.0.0.1:1",
            "public_url": "http://127.0.0.1:8080",
            "region": "us-east-1",
            "access_key_id": "test",
            "secret_access_key": "test",
        }
        return Settings(**(values | changed))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_deployment(private_key: rsa.RSAPrivateKey) -> Callable[..., Deployment]:
    """The template's own distribution, as a local deployment resolves it."""
    pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def make(execute_api_url: str = "http://127.0.0.1:1", *, is_https: bool = False) -> Deployment:
        document = distribution_document(LOCAL, BACKENDS, (PublicKey(KEY_PAIR_ID, pem),))
        return parse_deployment({**document, "executeApiUrl": execute_api_url}, is_https=is_https)

    return make


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[ASGIApp], AsgiServer]]:
    servers: list[AsgiServer] = []

    def start(app: ASGIApp) -> AsgiServer:
        servers.append(AsgiServer(app))
        return servers[-1]

    yield start
    for server in reversed(servers):
        server.stop()


@pytest.fixture(scope="session")
def viewer(
    serve: Callable[[ASGIApp], AsgiServer],
    make_settings: Callable[..., Settings],
    make_deployment: Callable[..., Deployment],
) -> Callable[..., Viewer]:
    """A viewer of a new distribution with the given settings and API, its clock at NOW."""

    def start(*, execute_api_url: str = "http://127.0.0.1:1", **changed: object) -> Viewer:
        settings = make_settings(**changed)
        deployment = make_deployment(execute_api_url, is_https=settings.is_https)
        app: Starlette = create_app(settings, lambda: deployment, clock=lambda: NOW)
        return Viewer(serve(app).host)

    return start


@pytest.fixture(scope="session")
def distribution(viewer: Callable[..., Viewer], engine: str, s3: S3Client) -> str:
    """The address of a distribution in front of the engine's buckets."""
    return viewer(s3_endpoint_url=engine).host


@pytest.fixture
def cdn(distribution: str) -> Viewer:
    return Viewer(distribution)
