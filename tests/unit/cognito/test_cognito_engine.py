"""Accounts outlive an engine that is killed, not only one that is stopped."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from cognito_harness import cognito
from engine import free_port
from serving import DEADLINE_SECONDS, wait_until

SERVICE = Path(__file__).parents[3] / "services" / "cognito"


@contextmanager
def running(state: Path) -> Iterator[str]:
    """The container's engine, killed at the end."""
    port = free_port()
    environ = os.environ | {
        "PYTHONPATH": str(SERVICE),
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(state),
        "TMPDIR": str(state),
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
    }
    process = subprocess.Popen([sys.executable, "-m", "cognito_engine"], env=environ, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_healthy(url), "start")
        yield url
    finally:
        process.kill()
        process.wait(DEADLINE_SECONDS)


def is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_localstack/health", trust_env=False, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def test_an_answered_change_outlives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        owner = cognito(url, signed=True)
        pool = owner.create_user_pool(PoolName="people")["UserPool"]["Id"]
        owner.admin_create_user(UserPoolId=pool, Username="ana@example.com")

    with running(tmp_path) as url:
        users = cognito(url, signed=True).list_users(UserPoolId=pool)["Users"]

    assert [user["Username"] for user in users] == ["ana@example.com"]
