from collections.abc import Iterator

import pytest
from cognito_harness import Clock, Service
from serving import AsgiServer

from cognito_standin.app import create_app
from cognito_standin.errors import TooManyRequestsError
from cognito_standin.rate_limits import Category, RateLimits
from cognito_standin.settings import Settings


@pytest.fixture
def ticks() -> Clock:
    return Clock()


@pytest.fixture
def limits(ticks: Clock) -> RateLimits:
    return RateLimits(ticks)


def take_all(limits: RateLimits, operation: str) -> int:
    """Calls until the first refusal."""
    for taken in range(1000):
        try:
            limits.take(operation)
        except TooManyRequestsError:
            return taken
    raise AssertionError(f"{operation} is not limited")


@pytest.mark.parametrize(
    ("operation", "category"),
    [
        ("InitiateAuth", Category.USER_AUTHENTICATION),
        ("SignUp", Category.USER_CREATION),
        ("ForgotPassword", Category.USER_ACCOUNT_RECOVERY),
        ("GetUser", Category.USER_READ),
        ("VerifySoftwareToken", Category.USER_RESOURCE_UPDATE),
        ("SomethingNew", Category.USER_RESOURCE_UPDATE),
    ],
)
def test_a_category_takes_so_many_calls_at_once(limits: RateLimits, operation: str, category: Category) -> None:
    assert take_all(limits, operation) == category.per_second


def test_operations_of_one_category_share_it(limits: RateLimits) -> None:
    take_all(limits, "ForgotPassword")
    with pytest.raises(TooManyRequestsError, match="Rate exceeded"):
        limits.take("ConfirmForgotPassword")
    limits.take("InitiateAuth")


def test_it_fills_up_again_and_no_further(limits: RateLimits, ticks: Clock) -> None:
    take_all(limits, "SignUp")
    ticks.advance(0.5)
    assert take_all(limits, "SignUp") == 25
    ticks.advance(3600)
    assert take_all(limits, "SignUp") == 50


@pytest.fixture
def flooded(service: Service) -> Iterator[Service]:
    """The pool behind a layer whose seconds stand still."""
    settings = Settings("127.0.0.1", 1, service.engine_url, "us-east-1", "test", "test")
    server = AsgiServer(create_app(settings, ticks=Clock()))
    yield Service(server.url, service.engine_url, service.pool_id, service.client_id, service.clock)
    server.stop()


def test_a_flood_is_refused_whatever_it_holds(flooded: Service) -> None:
    for body in ({}, {"ClientId": flooded.client_id, "Username": "x"}):
        for _ in range(15):
            assert flooded.post("ForgotPassword", body).json().get("__type") != "TooManyRequestsException"
    answer = flooded.post("ForgotPassword", {"ClientId": flooded.client_id, "Username": "y"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"__type": "TooManyRequestsException", "message": "Rate exceeded"},
    )
    assert flooded.owner.list_users(UserPoolId=flooded.pool_id, Limit=1)["Users"]
