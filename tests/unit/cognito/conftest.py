from collections.abc import Iterator

import pytest
from cognito_harness import REGION, Clock, Service, cognito
from engine import free_port, running_engine
from serving import AsgiServer

from cognito_standin.app import create_app
from cognito_standin.settings import Settings

POOL = {
    "MfaConfiguration": "ON",
    "UsernameAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
    "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
        "EmailSubject": "SStech Video",
        "EmailMessage": "Seu codigo / Your code: {####}",
    },
}
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded engine on a free port."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def service(engine: str, clock: Clock) -> Iterator[Service]:
    """A pool with a mandatory second factor; sessions are short-lived by the test's clock."""
    settings = Settings("127.0.0.1", 8083, engine, REGION, "test", "test")
    server = AsgiServer(create_app(settings, clock=clock))
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


@pytest.fixture
def unused_port() -> int:
    return free_port()
