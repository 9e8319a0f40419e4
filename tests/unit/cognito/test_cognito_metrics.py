"""What Cognito publishes of its pools reaches the CloudWatch that is named."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from cognito_harness import OTHER_PASSWORD, REGION, Clock, Person, Service, refused
from serving import AsgiServer, wait_until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cognito_standin.app import create_app
from cognito_standin.settings import Settings


class Received:
    """A CloudWatch that remembers: name and value of each datum, and its dimensions."""

    def __init__(self) -> None:
        self.data: list[tuple[str, str]] = []
        self.dimensions: list[dict[str, str]] = []

    async def put(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        datum = "MetricData.member.1."
        assert (form["Action"], form["Namespace"]) == ("PutMetricData", "AWS/Cognito")
        assert "/monitoring/aws4_request" in request.headers["Authorization"]
        self.data.append((form[f"{datum}MetricName"], form[f"{datum}Value"]))
        named = [f"{datum}Dimensions.member.{number}." for number in (1, 2)]
        self.dimensions.append({form[f"{one}Name"]: form[f"{one}Value"] for one in named})
        return Response()

    def wait(self, *expected: tuple[str, str]) -> None:
        wait_until(lambda: len(self.data) >= len(expected), f"metrics {expected}, got {self.data}")
        assert sorted(self.data) == sorted(expected)


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def measured(service: Service, clock: Clock, received: Received) -> Iterator[Service]:
    """The same pool through a stand-in that publishes."""
    cloudwatch = AsgiServer(Starlette(routes=[Route("/", received.put, methods=["POST"])]))
    settings = Settings("127.0.0.1", 1, service.engine_url, REGION, "test", "test", cloudwatch.url)
    server = AsgiServer(create_app(settings, clock=clock))
    yield replace(service, url=server.url)
    server.stop()
    cloudwatch.stop()


def test_each_attempt_counts_once_when_it_ends(measured: Service, service: Service, received: Received) -> None:
    enrolled = service.enrolled_person()
    person = Person(measured, enrolled.email, secret=enrolled.secret, shown=enrolled.shown)

    tokens = person.give_code(person.give_password()["Session"])["AuthenticationResult"]
    with refused("NotAuthorizedException"):
        person.give_password(OTHER_PASSWORD)
    measured.users.initiate_auth(
        ClientId=measured.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )

    received.wait(("SignInSuccesses", "1"), ("SignInSuccesses", "0"), ("TokenRefreshSuccesses", "1"))
    assert received.dimensions == [{"UserPool": measured.pool_id, "UserPoolClient": measured.client_id}] * 3


def test_calls_of_an_unknown_client_are_not_counted_and_other_calls_neither(
    measured: Service, received: Received
) -> None:
    with refused("ResourceNotFoundException"):
        Person(measured, "ana@example.com").give_password(client_id="0" * 26)
    with refused("NotAuthorizedException"):
        measured.users.get_user(AccessToken="forged")
    with refused("UsernameExistsException"):
        for _ in range(2):
            measured.users.sign_up(
                ClientId=measured.client_id,
                Username="twice@example.com",
                Password="Correct-Horse-9",
            )

    received.wait(("SignUpSuccesses", "1"), ("SignUpSuccesses", "0"))


def test_a_cloudwatch_that_is_away_keeps_nobody_out(service: Service, clock: Clock, unused_port: int) -> None:
    away = f"http://127.0.0.1:{unused_port}"
    settings = Settings("127.0.0.1", 1, service.engine_url, REGION, "test", "test", away)
    server = AsgiServer(create_app(settings, clock=clock))
    enrolled = service.enrolled_person()
    person = Person(replace(service, url=server.url), enrolled.email, secret=enrolled.secret, shown=enrolled.shown)
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    server.stop()
