import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cognito_harness import DEADLINE_SECONDS, REGION, Clock, Server, Service, cognito, free_port, wait_until

from cognito_standin.app import create_app
from cognito_standin.settings import Settings

POOL = {
    "MfaConfiguration": "ON",
    "UsernameAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": True}},
}
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded engine on a free port."""
    port = free_port()
    environ = os.environ | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",
        "TMPDIR": str(tmp_path_factory.mktemp("engine")),
    }
    program = Path(sys.executable).with_name("ministack")
    process = subprocess.Popen([program], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _is_healthy(f"{url}/_localstack/health"), "engine start")
        yield url
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def service(engine: str, clock: Clock) -> Iterator[Service]:
    """A pool with a mandatory second factor; sessions are short-lived by the test's clock."""
    settings = Settings("127.0.0.1", 8083, engine, REGION, "test", "test")
    server = Server(create_app(settings, clock=clock))
    owner = cognito(server.url, signed=True)
    pool_id = owner.create_user_pool(PoolName="people", **POOL)["UserPool"]["Id"]  # type: ignore[arg-type]
    client = owner.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="video-streaming-client",
        ExplicitAuthFlows=FLOWS,  # type: ignore[arg-type]
        PreventUserExistenceErrors="ENABLED",
    )
    yield Service(server.url, engine, pool_id, client["UserPoolClient"]["ClientId"], clock)
    server.stop()
