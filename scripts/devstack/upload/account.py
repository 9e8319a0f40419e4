"""Who uploads: a person at the terminal, a script with its variables, or a made-up person on a local stack."""

from __future__ import annotations

import getpass
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from devstack.contract.client import Account, Library, Platform, new_password
from devstack.contract.client_errors import PlatformError, SignInError
from devstack.contract.signin import Authenticator, NotEnrolledError

EMAIL, PASSWORD, TOTP_SECRET = "SSTECH_EMAIL", "SSTECH_PASSWORD", "SSTECH_TOTP_SECRET"
USED_CODE = frozenset({"CodeMismatchException", "ExpiredCodeException", "EnableSoftwareTokenMFAException"})
"""What Cognito answers to a code that another program of the same person was faster to use."""
DEMO_FILE = "demo-account.json"


class NoAccountError(PlatformError):
    """Nobody has said who uploads."""


Ask = Callable[[str], str]


def sign_in_by_environment(platform: Platform, environ: Mapping[str, str]) -> Library | None:
    """None when none of the three variables is set. Raises NoAccountError when some are missing, SignInError."""
    given = {name: environ.get(name, "") for name in (EMAIL, PASSWORD, TOTP_SECRET)}
    if not any(given.values()):
        return None
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise NoAccountError(f"{' and '.join(missing)} must be set too, as {EMAIL}, {PASSWORD} and {TOTP_SECRET}.")
    account = Account(given[EMAIL], given[PASSWORD], Authenticator(given[TOTP_SECRET]))
    return sign_in(platform, account)


def sign_in(platform: Platform, account: Account) -> Library:
    """With one more try when the code was used already: a code is good once, and the next comes in half a minute."""
    try:
        return platform.sign_in(account)
    except SignInError as error:
        if error.code not in USED_CODE:
            raise
    return platform.sign_in(account)


def sign_in_at_terminal(
    platform: Platform, console: Console, ask: Ask = input, ask_hidden: Ask = getpass.getpass
) -> Library:
    """Asks for e-mail, password and code. Raises NoAccountError when nobody can be asked, SignInError."""
    if not console.is_terminal:
        raise NoAccountError(f"Nobody is at the terminal: set {EMAIL}, {PASSWORD} and {TOTP_SECRET}, or use --demo.")
    console.print(f"Sign in to {platform.outputs['SiteUrl']}", highlight=False)
    email = ask("E-mail: ").strip()
    challenge = platform.identity.prove_password(email, ask_hidden("Password: "))
    if challenge.name == "MFA_SETUP":
        raise NotEnrolledError(
            f"This account has no second factor yet. Sign in once at {platform.outputs['SiteUrl']}, then come back."
        )
    code = ask("Code of your authenticator: ").replace(" ", "")
    return platform.library(platform.identity.answer_totp(challenge, code))


def sign_in_as_demo(platform: Platform, folder: Path) -> Library:
    """The made-up person of this state directory, made on first use. Raises NoAccountError on AWS, SignInError."""
    if "CognitoEndpointUrl" not in platform.outputs:
        raise NoAccountError(f"A demo account needs a local stack. Set {EMAIL}, {PASSWORD} and {TOTP_SECRET}.")
    file = folder / DEMO_FILE
    known = _read(file)
    if known is not None:
        try:
            return sign_in(platform, known)
        except SignInError:
            file.unlink()  # the stack forgot its people: `down --volumes`
    account, library = platform.join(f"demo-{secrets.token_hex(4)}@example.com", new_password())
    _write(file, account)
    return library


def _read(file: Path) -> Account | None:
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        return Account(saved["email"], saved["password"], Authenticator(saved["totpSecret"]))
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None


def _write(file: Path, account: Account) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    saved = {"email": account.email, "password": account.password, "totpSecret": account.authenticator.secret}
    file.write_text(json.dumps(saved), encoding="utf-8")
