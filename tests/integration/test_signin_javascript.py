"""Amazon's own JavaScript library, unmodified, lives a person's whole life through /auth."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from devstack.contract.aws_clients import Outputs
from devstack.contract.client import new_password
from devstack.contract.inbox import MESSAGES_PATH

from .people import new_email

CLIENT = Path(__file__).resolve().parents[1] / "clients" / "javascript"
INSTALL_TIMEOUT = 300
RUN_TIMEOUT = 600

UNKNOWN_OR_WRONG = {"error": "NotAuthorizedException", "message": "Incorrect username or password."}
WRONG_CODE = {
    "error": "CodeMismatchException",
    "message": "Invalid verification code provided, please try again.",
}


@pytest.fixture(scope="session")
def library() -> Path:
    """The client's folder with its packages installed as its lock file says."""
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have Node.js with npm: the JavaScript client is part of the contract.")
        pytest.skip("no npm on this machine: install Node.js 18 or newer to test the JavaScript client")
    with FileLock(CLIENT / "node_modules.lock"):
        installed = CLIENT / "node_modules" / ".package-lock.json"
        wanted = CLIENT / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=CLIENT, check=True, timeout=INSTALL_TIMEOUT, capture_output=True)
    return CLIENT


@pytest.fixture(scope="module")
def person(stack: Outputs) -> dict[str, str]:
    return {"email": new_email(), "password": new_password(), "newPassword": new_password()}


@pytest.fixture(scope="module")
def steps(library: Path, stack: Outputs, person: dict[str, str]) -> dict[str, Any]:
    """What came of each step of the one person's life."""
    given = {
        **person,
        "endpoint": f"{stack['ApiUrl'].rstrip('/')}/auth",
        "userPoolId": stack["UserPoolId"],
        "clientId": stack["UserPoolClientId"],
        "inboxUrl": stack["CognitoEndpointUrl"].rstrip("/") + MESSAGES_PATH,
    }
    done = subprocess.run(
        ["node", "sign_in.mjs"],
        cwd=library,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    lived: dict[str, Any] = json.loads(done.stdout)
    return lived


def refusal(step: object) -> str:
    assert isinstance(step, dict)
    assert "error" in step, f"not refused: {step}"
    return str(step["error"])


def test_sign_up_and_confirmation(steps: dict[str, Any], person: dict[str, str]) -> None:
    masked = f"{person['email'][0]}***@e***"
    assert steps["sign up"] == {"confirmed": False, "sentTo": masked}
    assert refusal(steps["sign up again"]) == "UsernameExistsException"
    assert refusal(steps["sign in unconfirmed"]) == "UserNotConfirmedException"
    assert steps["confirm with a constant code"] == WRONG_CODE
    assert steps["send the code again"] == "EMAIL"
    assert steps["confirm"] == "SUCCESS"


def test_enrolment_of_the_second_factor(steps: dict[str, Any], person: dict[str, str], stack: Outputs) -> None:
    assert steps["sign in with a wrong password"] == UNKNOWN_OR_WRONG
    assert steps["sign in"] == "MFA_SETUP"
    assert steps["associate"] >= 32
    assert refusal(steps["enrol with a wrong code"]) == "EnableSoftwareTokenMFAException"
    assert steps["enrol"] == said(person, stack)


def test_sign_in_with_the_second_factor(steps: dict[str, Any], person: dict[str, str], stack: Outputs) -> None:
    assert steps["sign in enrolled"] == "SOFTWARE_TOKEN_MFA"
    assert refusal(steps["answer with a wrong code"]) == "CodeMismatchException"
    assert steps["answer"] == said(person, stack)


def test_the_session_is_kept_and_refreshed(steps: dict[str, Any]) -> None:
    assert steps["restored session"] is True
    assert steps["refresh"] is True
    assert steps["user data"] == {"factors": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA"}


def test_the_second_factor_stays_on(steps: dict[str, Any]) -> None:
    assert refusal(steps["switch the second factor off"]) == "InvalidParameterException"


def test_the_password_changes(steps: dict[str, Any]) -> None:
    assert steps["change the password with a wrong one"] == UNKNOWN_OR_WRONG
    assert steps["change the password"] == "SUCCESS"
    assert steps["sign in with the old password"] == UNKNOWN_OR_WRONG


def test_a_forgotten_password_is_replaced(steps: dict[str, Any], person: dict[str, str], stack: Outputs) -> None:
    assert steps["forgot the password"] == "EMAIL"
    assert steps["reset with a constant code"] == WRONG_CODE
    assert steps["reset"] == "SUCCESS"
    assert steps["sign in after the reset"] == "SOFTWARE_TOKEN_MFA"
    assert steps["answer after the reset"] == said(person, stack)


def test_signing_out_everywhere_ends_refresh(steps: dict[str, Any]) -> None:
    assert steps["sign out everywhere"] == "SUCCESS"
    assert steps["refresh after signing out"] == {
        "error": "NotAuthorizedException",
        "message": "Refresh Token has been revoked",
    }


def said(person: dict[str, str], stack: Outputs) -> dict[str, Any]:
    """What the ID token of a complete sign-in says."""
    return {"email": person["email"], "aud": stack["UserPoolClientId"], "use": "id", "valid": True}
