"""Sign-up and sign-in against Cognito: SRP password, mandatory TOTP, refresh.

The endpoint is the platform's own `{ApiUrl}/auth`, where Cognito's JSON protocol passes through, so an
unsigned boto3 client and pycognito's SRP do the work.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pyotp
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from devstack.contract.client_errors import PlatformError, SignInError, UnexpectedAnswerError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.literals import ChallengeNameTypeType

TOTP_STEP = 30
"""Seconds that one code is valid (RFC 6238 section 5.2; Cognito's software tokens use it)."""


class NotEnrolledError(PlatformError):
    """The password was right, but this person has no second factor yet: enrol one first."""


@dataclass(frozen=True)
class Tokens:
    """What Cognito hands out after the second factor. `expires_at` of the ID token in epoch seconds."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_at: float

    @property
    def subject(self) -> str:
        """The person's `sub`: the owner part of every key."""
        return str(claims(self.id_token)["sub"])


@dataclass(frozen=True)
class Challenge:
    """Cognito asks for more: `MFA_SETUP` or `SOFTWARE_TOKEN_MFA`."""

    name: ChallengeNameTypeType
    session: str
    username: str


class Authenticator:
    """A person's authenticator app: codes of RFC 6238, never the same code twice.

    Cognito accepts a code once. A second code within one 30-second step therefore waits for the next step.
    """

    def __init__(
        self,
        secret: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.secret = secret
        self._clock = clock
        self._sleep = sleep
        self._last_step = -1

    def code(self) -> str:
        """Six digits that were not used before; waits up to 30 seconds for them."""
        while self._step() <= self._last_step:
            self._sleep((self._last_step + 1) * TOTP_STEP - self._clock())
        self._last_step = self._step()
        return pyotp.TOTP(self.secret).at(self._last_step * TOTP_STEP)

    def _step(self) -> int:
        return int(self._clock() // TOTP_STEP)


class IdentityProvider:
    """Cognito's user operations, those that need no AWS signature. Every refusal is a SignInError."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self._pool_id = outputs["UserPoolId"]
        self._client_id = outputs["UserPoolClientId"]
        self._cognito: CognitoIdentityProviderClient = boto3.client(
            "cognito-idp",
            region_name=outputs["Region"],
            endpoint_url=outputs["ApiUrl"].rstrip("/") + "/auth",
            config=Config(signature_version=UNSIGNED),
        )

    def sign_up(self, email: str, password: str) -> None:
        with _refusals():
            self._cognito.sign_up(
                ClientId=self._client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
            )

    def confirm(self, email: str, code: str) -> None:
        with _refusals():
            self._cognito.confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=code)

    def prove_password(self, email: str, password: str) -> Challenge:
        """SRP: the password itself never travels. Raises SignInError for a wrong one."""
        srp = AWSSRP(email, password, self._pool_id, self._client_id, client=self._cognito)
        parameters = srp.get_auth_params()
        with _refusals():
            asked = self._cognito.initiate_auth(
                ClientId=self._client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
            )
            answer = self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName="PASSWORD_VERIFIER",
                ChallengeResponses=srp.process_challenge(asked["ChallengeParameters"], parameters),
                **_session(asked),
            )
        if "ChallengeName" not in answer:
            raise UnexpectedAnswerError("Cognito gave tokens for a password alone; a second factor is mandatory.")
        username = answer["ChallengeParameters"].get("USER_ID_FOR_SRP", email)
        return Challenge(answer["ChallengeName"], answer["Session"], username)

    def enrol(self, challenge: Challenge) -> tuple[Tokens, Authenticator]:
        """Answers MFA_SETUP with a new authenticator."""
        with _refusals():
            associated = self._cognito.associate_software_token(Session=challenge.session)
            authenticator = Authenticator(associated["SecretCode"])
            verified = self._cognito.verify_software_token(Session=associated["Session"], UserCode=authenticator.code())
        finished = Challenge("MFA_SETUP", verified["Session"], challenge.username)
        return self.respond(finished, {}), authenticator

    def answer_totp(self, challenge: Challenge, code: str) -> Tokens:
        """Answers SOFTWARE_TOKEN_MFA."""
        if challenge.name == "MFA_SETUP":
            raise NotEnrolledError("This account has no second factor yet; enrol one first.")
        return self.respond(challenge, {"SOFTWARE_TOKEN_MFA_CODE": code})

    def respond(self, challenge: Challenge, responses: Mapping[str, str]) -> Tokens:
        """The last answer of a sign-in. Raises UnexpectedAnswerError when Cognito asks for yet more."""
        with _refusals():
            answer = self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName=challenge.name,
                Session=challenge.session,
                ChallengeResponses={"USERNAME": challenge.username, **responses},
            )
        return _tokens(answer, "")

    def sign_in(self, email: str, password: str, authenticator: Authenticator) -> Tokens:
        return self.answer_totp(self.prove_password(email, password), authenticator.code())

    def refresh(self, refresh_token: str) -> Tokens:
        with _refusals():
            answer = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )
        return _tokens(answer, refresh_token)

    def close(self) -> None:
        self._cognito.close()


def claims(token: str) -> dict[str, object]:
    """A JWT's claims, unverified: a client only reads its own."""
    payload = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def _tokens(answer: Mapping[str, Any], refresh_token: str) -> Tokens:
    result = answer.get("AuthenticationResult")
    if not result or "IdToken" not in result:
        raise UnexpectedAnswerError(f"Cognito gave no tokens but asks for {answer.get('ChallengeName')}.")
    return Tokens(
        id_token=result["IdToken"],
        access_token=result["AccessToken"],
        # Without rotation a refresh hands out no new refresh token.
        refresh_token=result.get("RefreshToken", refresh_token),
        # `ExpiresIn` is the access token's; the API is shown the ID token.
        expires_at=float(str(claims(result["IdToken"])["exp"])),
    )


def _session(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"Session": answer["Session"]} if answer.get("Session") else {}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        details = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise SignInError(status, details.get("Code", ""), details.get("Message", "")) from error
