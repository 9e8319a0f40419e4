"""Makes the account of a person who is invited: Cognito e-mails them a first password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootstrap.errors import BootstrapError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient


class InvitationError(BootstrapError):
    """Nobody was invited; the message says what to do."""


def invite(cognito: CognitoIdentityProviderClient, pool: str, email: str, *, again: bool = False) -> None:
    """Sends an invitation; with `again` another one to somebody who has not signed in yet.

    Raises:
        InvitationError: the address is no address, or has an account (or, with `again`, none that waits).
    """
    errors = cognito.exceptions
    try:
        if again:
            cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="RESEND")
            return
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=attributes,  # type: ignore[arg-type]  # plain dictionaries are what the API takes
            DesiredDeliveryMediums=["EMAIL"],
        )
    except errors.UsernameExistsException as error:
        raise InvitationError(
            f"{email} has an account. If the first password was lost or is older than three days: invite --again."
        ) from error
    except errors.UserNotFoundException as error:
        raise InvitationError(f"{email} was never invited: leave --again out.") from error
    except errors.UnsupportedUserStateException as error:
        raise InvitationError(f"{email} has signed in already; a lost password is reset on the site itself.") from error
    except errors.InvalidParameterException as error:
        reason = error.response["Error"]["Message"]
        raise InvitationError(f"{email} is no e-mail address that Cognito takes: {reason}") from error
