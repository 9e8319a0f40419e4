"""App clients with a secret prove it at every step, and sign people in like the others."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import pytest
from cognito_harness import Answer, Person, Service, refused
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import SoftwareTokenMFAChallengeException

FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass(frozen=True)
class Confidential:
    """A client with a secret."""

    service: Service
    id: str
    secret: str

    def proof(self, username: str) -> str:
        digest = hmac.new(self.secret.encode(), f"{username}{self.id}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def give_password(self, person: Person, typed: str, proof: str | None) -> Answer:
        parameters = {"USERNAME": typed, "PASSWORD": person.password}
        return dict(
            self.service.users.initiate_auth(
                ClientId=self.id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters=parameters | ({"SECRET_HASH": proof} if proof else {}),
            )
        )

    def answer(self, person: Person, challenge: str, session: str, **responses: str) -> Answer:
        return person.answer(challenge, session, self.id, SECRET_HASH=self.proof(person.email), **responses)


@pytest.fixture(scope="module")
def client(service: Service) -> Confidential:
    created = service.owner.create_user_pool_client(
        UserPoolId=service.pool_id,
        ClientName="confidential",
        GenerateSecret=True,
        ExplicitAuthFlows=FLOWS,  # type: ignore[arg-type]
    )["UserPoolClient"]
    return Confidential(service, created["ClientId"], created["ClientSecret"])


def test_the_whole_way_from_the_password_to_tokens(client: Confidential, service: Service) -> None:
    person = service.person()
    typed = person.email.upper()
    setup = client.give_password(person, typed, client.proof(typed))
    verified = person.verify(person.associate(setup["Session"]))
    assert client.answer(person, "MFA_SETUP", verified)["AuthenticationResult"]["IdToken"]
    challenge = client.give_password(person, typed, client.proof(typed))
    answer = client.answer(person, "SOFTWARE_TOKEN_MFA", challenge["Session"], SOFTWARE_TOKEN_MFA_CODE=person.code())
    tokens = answer["AuthenticationResult"]
    service.users.revoke_token(Token=tokens["RefreshToken"], ClientId=client.id, ClientSecret=client.secret)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        service.users.get_user(AccessToken=tokens["AccessToken"])


def test_srp_by_pycognito(client: Confidential, service: Service) -> None:
    person = service.enrolled_person()
    srp = AWSSRP(
        username=person.email,
        password=person.password,
        pool_id=service.pool_id,
        client_id=client.id,
        client=service.users,
        client_secret=client.secret,
    )
    with pytest.raises(SoftwareTokenMFAChallengeException):
        srp.authenticate_user()


@pytest.mark.parametrize("proof", [None, "AAAA", "of another name"])
def test_without_the_proof_the_password_is_not_looked_at(
    client: Confidential, service: Service, proof: str | None
) -> None:
    person = service.person()
    given = client.proof("eva@example.com") if proof == "of another name" else proof
    with refused("NotAuthorizedException"):
        client.give_password(person, person.email, given)


def test_without_the_proof_a_code_is_not_looked_at(client: Confidential, service: Service) -> None:
    person = service.enrolled_person()
    session = client.give_password(person, person.email, client.proof(person.email))["Session"]
    with refused("NotAuthorizedException"):
        person.answer("SOFTWARE_TOKEN_MFA", session, client.id, SOFTWARE_TOKEN_MFA_CODE=person.code())


def test_without_the_secret_nothing_is_revoked_or_refreshed(client: Confidential, service: Service) -> None:
    with refused("UnauthorizedException"):
        service.users.revoke_token(Token="x", ClientId=client.id, ClientSecret="AAAAAAAAAAAAAAAAAAAAAAAA")
    with refused("NotAuthorizedException"):
        service.users.get_tokens_from_refresh_token(RefreshToken="x", ClientId=client.id)


def test_a_public_client_takes_no_proof(service: Service) -> None:
    person = service.person()
    with refused("InvalidParameterException"):
        service.users.initiate_auth(
            ClientId=service.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person.email, "PASSWORD": person.password, "SECRET_HASH": "AAAA"},
        )
