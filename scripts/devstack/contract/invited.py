"""People of a deployed stage: made by an administrator, because no inbox of theirs can be read."""

from __future__ import annotations

from typing import NoReturn

from bootstrap.errors import BootstrapError
from devstack.contract.aws_clients import Outputs, user_pools
from devstack.contract.client import Platform


def no_inbox() -> NoReturn:
    """Stands where a local stack's inbox is. Raises BootstrapError."""
    raise BootstrapError("E-mails of a deployed stage go to their receivers: nobody else can read them.")


class InvitedPlatform(Platform):
    """Signs people in as everywhere, second factor and all; only the account comes ready made.

    Needs credentials with `cognito-idp:AdminCreateUser` and `cognito-idp:AdminSetUserPassword` on the stage's pool.
    """

    def __init__(self, outputs: Outputs) -> None:
        super().__init__(outputs, no_inbox)

    def register(self, email: str, password: str) -> None:
        """An account with a lasting password and no second factor yet; no e-mail is sent."""
        invite_silently(self.outputs, email, password)
        user_pools(self.outputs).admin_set_user_password(
            UserPoolId=self.outputs["UserPoolId"], Username=email, Password=password, Permanent=True
        )


def invite_silently(outputs: Outputs, email: str, password: str) -> None:
    """An invitation without its e-mail: `password` is good for one sign-in, which asks for another one."""
    user_pools(outputs).admin_create_user(
        UserPoolId=outputs["UserPoolId"],
        Username=email,
        TemporaryPassword=password,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
    )
