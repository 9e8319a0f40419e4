"""The engine, the strict layer and a person with an authenticator."""

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
import pyotp
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import SoftwareTokenMFAChallengeException
from serving import wait_until

REGION = "us-east-1"
# Of RFC 6238, and what a call may take on a busy machine.
STEP_SECONDS = 30
MARGIN_SECONDS = 10
PASSWORD = "Correct-Horse-9"
OTHER_PASSWORD = "Battery-Staple-7"
TEMPORARY_PASSWORD = "Temporary-Pass-1"
TARGET = "AWSCognitoIdentityProviderService."

Answer = dict[str, Any]


class Clock:
    """Stands still unless moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def cognito(url: str, *, signed: bool = False, key: str = "test") -> CognitoIdentityProviderClient:
    config = Config(retries={"max_attempts": 0}) if signed else Config(signature_version=UNSIGNED)
    return boto3.client(
        "cognito-idp",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key="test",
        config=config,
    )


def refused(code: str, message: str | None = None) -> "pytest.RaisesExc[ClientError]":
    """The call fails with this AWS error type, and message when given."""

    def matches(error: ClientError) -> bool:
        given = error.response["Error"]
        return given["Code"] == code and message in (None, given["Message"])

    return pytest.raises(ClientError, check=matches)


def invalid_session() -> "pytest.RaisesExc[ClientError]":
    return refused("NotAuthorizedException", "Invalid session for the user.")


@dataclass
class Service:
    """A pool behind the strict layer; `owner` calls are signed, `users` calls are not."""

    url: str
    engine_url: str
    pool_id: str
    client_id: str
    clock: Clock

    def __post_init__(self) -> None:
        self.users = cognito(self.url)
        self.owner = cognito(self.url, signed=True)
        self.engine = cognito(self.engine_url)

    def post(self, operation: str, body: Answer, headers: dict[str, str] | None = None) -> httpx.Response:
        """A call as a stranger may write it, without a client library."""
        target = {"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.1"}
        content = json.dumps(body)
        return httpx.post(self.url, content=content, headers=target | (headers or {}), trust_env=False, timeout=60)

    def mails_to(self, email: str) -> list[Answer]:
        """Oldest first, as `dev.py inbox` finds them."""
        answer = httpx.get(f"{self.url}/_ministack/ses/messages", trust_env=False, timeout=60).json()
        return [mail for box in answer["messages"].values() for mail in box if email in mail["To"]]

    def codes_sent_to(self, email: str) -> list[str]:
        return [code for mail in self.mails_to(email) for code in re.findall(r"\b\d{6}\b", mail["BodyText"])]

    def client_allowing(self, *flows: Any, **settings: Any) -> str:
        created = self.owner.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="other", ExplicitAuthFlows=list(flows), **settings
        )
        return created["UserPoolClient"]["ClientId"]

    def person(self, email: str | None = None) -> "Person":
        """Somebody who has signed up and confirmed, and has no second factor yet."""
        person = Person(self, email or f"{secrets.token_hex(6)}@example.com")
        self.users.sign_up(ClientId=self.client_id, Username=person.email, Password=person.password)
        self.users.confirm_sign_up(
            ClientId=self.client_id,
            Username=person.email,
            ConfirmationCode=self.codes_sent_to(person.email.lower())[-1],
        )
        return person

    def enrolled_person(self) -> "Person":
        person = self.person()
        person.enrol()
        return person


@dataclass
class Person:
    service: Service
    email: str
    password: str = PASSWORD
    secret: str = ""
    shown: set[str] = field(default_factory=set)

    @classmethod
    def invited(cls, service: "Service") -> "Person":
        """Somebody the owner made an account for, with `TEMPORARY_PASSWORD`."""
        person = cls(service, f"{secrets.token_hex(6)}@example.com")
        service.owner.admin_create_user(
            UserPoolId=service.pool_id,
            Username=person.email,
            TemporaryPassword=TEMPORARY_PASSWORD,
            MessageAction="SUPPRESS",
        )
        return person

    def code(self) -> str:
        """A code the engine accepts now and that was not shown before: it takes a step to either side."""
        totp = pyotp.TOTP(self.secret)
        if {totp.at(int(time.time())), totp.at(int(time.time()) + STEP_SECONDS)} <= self.shown:
            # Only the code of the step before is left, and that may be over before it arrives.
            wait_until(lambda: time.time() % STEP_SECONDS < STEP_SECONDS - MARGIN_SECONDS, "a step with time left")
        now = int(time.time())
        near = (totp.at(now), totp.at(now + STEP_SECONDS), totp.at(now - STEP_SECONDS))
        fresh = next(code for code in near if code not in self.shown)
        self.shown.add(fresh)
        return fresh

    def wrong_code(self) -> str:
        totp = pyotp.TOTP(self.secret)
        near = {totp.at(int(time.time()) + 30 * step) for step in range(-3, 4)}
        return next(code for code in ("000000", "111111", *map(str, range(222222, 222230))) if code not in near)

    def give_password(self, password: str | None = None, client_id: str | None = None) -> Answer:
        """USER_PASSWORD_AUTH."""
        return dict(
            self.service.users.initiate_auth(
                ClientId=client_id or self.service.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": self.email, "PASSWORD": password or self.password},
            )
        )

    def give_password_by_srp(self, password: str | None = None) -> Answer:
        """USER_SRP_AUTH, by pycognito."""
        srp = AWSSRP(
            username=self.email,
            password=password or self.password,
            pool_id=self.service.pool_id,
            client_id=self.service.client_id,
            client=self.service.users,
        )
        try:
            return dict(srp.authenticate_user())
        except SoftwareTokenMFAChallengeException as challenge:
            return dict(challenge.get_tokens())

    def answer(self, challenge: str, session: str, client_id: str | None = None, **responses: str) -> Answer:
        return dict(
            self.service.users.respond_to_auth_challenge(
                ClientId=client_id or self.service.client_id,
                ChallengeName=challenge,  # type: ignore[arg-type]
                Session=session,
                ChallengeResponses={"USERNAME": self.email, **responses},
            )
        )

    def give_code(self, session: str, code: str | None = None) -> Answer:
        return self.answer("SOFTWARE_TOKEN_MFA", session, SOFTWARE_TOKEN_MFA_CODE=code or self.code())

    def associate(self, session: str) -> str:
        associated = self.service.users.associate_software_token(Session=session)
        self.secret = associated["SecretCode"]
        return associated["Session"]

    def verify(self, session: str) -> str:
        verified = self.service.users.verify_software_token(Session=session, UserCode=self.code())
        assert verified["Status"] == "SUCCESS"
        return verified["Session"]

    def enrol(self, challenge: Answer | None = None) -> Answer:
        """From the password's answer to tokens; the answer is that of a new sign-in when not given."""
        challenge = challenge or self.give_password_by_srp()
        assert challenge["ChallengeName"] == "MFA_SETUP"
        return self.answer("MFA_SETUP", self.verify(self.associate(challenge["Session"])))

    def sign_in(self) -> Answer:
        return self.give_code(self.give_password()["Session"])
