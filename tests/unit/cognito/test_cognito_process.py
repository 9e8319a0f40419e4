import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from engine import free_port
from serving import DEADLINE_SECONDS, wait_until

from cognito_standin.settings import Settings, SettingsError

SERVICE = Path(__file__).parents[3] / "services" / "cognito"


def start(**environ: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cognito_standin"]
    environment = os.environ | {"PYTHONPATH": str(SERVICE)} | environ
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def is_healthy(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/health", trust_env=False, timeout=60).json()["status"] == "ok")
    except httpx.TransportError:
        return False


def test_the_process_serves_and_ends_cleanly() -> None:
    port = str(free_port())
    process = start(PORT=port, COGNITO_UPSTREAM_URL="http://127.0.0.1:1")
    try:
        wait_until(lambda: is_healthy(f"http://127.0.0.1:{port}"), "start")
        headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.GetUser"}
        answer = httpx.post(
            f"http://127.0.0.1:{port}", headers=headers, json={"AccessToken": "x"}, trust_env=False, timeout=60
        )
        assert (answer.status_code, answer.json()["__type"]) == (500, "InternalErrorException")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")


def test_a_missing_engine_ends_the_process_with_the_variables_name() -> None:
    process = start(COGNITO_UPSTREAM_URL="")
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 2
    assert errors.startswith("cognito: set COGNITO_UPSTREAM_URL")


@pytest.mark.parametrize("environ", [{"PORT": "x"}, {"COGNITO_UPSTREAM_URL": "ftp://engine"}])
def test_a_wrong_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        Settings.from_environ({"COGNITO_UPSTREAM_URL": "http://engine:4566"} | environ)


def test_no_secret_is_shown() -> None:
    settings = Settings.from_environ({"COGNITO_UPSTREAM_URL": "http://e", "AWS_SECRET_ACCESS_KEY": "hidden"})
    assert "hidden" not in repr(settings)
