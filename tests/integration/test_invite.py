"""`dev.py invite`: an account by e-mail, and plain words where there can be none."""

from __future__ import annotations

import pytest

from devstack.contract import aws_clients
from devstack.contract.client import Platform
from devstack.contract.inbox import read_inbox
from devstack.owner.inviting import InvitationError, invite

from .people import new_email


@pytest.fixture
def pool(stack: aws_clients.Outputs) -> str:
    return stack["UserPoolId"]


def first_passwords(stack: aws_clients.Outputs, email: str) -> list[str]:
    return [message["body"] for message in read_inbox(stack) if message["to"] == email]


def test_the_invited_person_gets_a_first_password_and_another_on_request(stack: aws_clients.Outputs, pool: str) -> None:
    if "CognitoEndpointUrl" not in stack:
        pytest.skip("nobody can read the inbox of a deployed stage's people")
    email, cognito = new_email(), aws_clients.user_pools(stack)

    invite(cognito, pool, email)
    invite(cognito, pool, email, again=True)

    first, second = first_passwords(stack, email)
    assert email in first
    assert first != second
    user = cognito.admin_get_user(UserPoolId=pool, Username=email)
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]


def test_who_has_an_account_is_not_invited_again(stack: aws_clients.Outputs, pool: str, platform: Platform) -> None:
    email = new_email()
    platform.register(email, "Correct-Horse-9")
    cognito = aws_clients.user_pools(stack)

    with pytest.raises(InvitationError, match="has an account"):
        invite(cognito, pool, email)
    with pytest.raises(InvitationError, match="has signed in already"):
        invite(cognito, pool, email, again=True)


def test_who_was_never_invited_and_what_is_no_address_are_told(stack: aws_clients.Outputs, pool: str) -> None:
    cognito = aws_clients.user_pools(stack)

    with pytest.raises(InvitationError, match="never invited"):
        invite(cognito, pool, new_email(), again=True)
    with pytest.raises(InvitationError, match="no e-mail address"):
        invite(cognito, pool, "nobody")
