import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cdn_harness import BACKENDS, KEY_PAIR_ID, LOCAL, Viewer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine import free_port
from serving import DEADLINE_SECONDS, wait_until

from bootstrap.distribution import distribution_document
from bootstrap.signing_key import PublicKey

SERVICE = Path(__file__).parents[3] / "services" / "cdn"


@pytest.fixture
def environ(tmp_path: Path, private_key: rsa.RSAPrivateKey) -> dict[str, str]:
    pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    deployment = tmp_path / "deployment.json"
    document = distribution_document(LOCAL, BACKENDS, (PublicKey(KEY_PAIR_ID, pem),))
    deployment.write_text(json.dumps({**document, "executeApiUrl": "http://127.0.0.1:1"}))
    return os.environ | {
        "PYTHONPATH": str(SERVICE),
        "PORT": str(free_port()),
        "CDN_S3_ENDPOINT_URL": "http://127.0.0.1:1",
        "CDN_DEPLOYMENT_FILE": str(deployment),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def start(environ: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cdn_standin"]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)


def is_healthy(viewer: Viewer) -> bool:
    try:
        return viewer.get("/health").status == 200
    except ConnectionError:
        return False


def test_the_process_serves_and_ends_cleanly(environ: dict[str, str]) -> None:
    process = start(environ)
    try:
        wait_until(lambda: is_healthy(Viewer(f"127.0.0.1:{environ['PORT']}")), "start")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")


def test_a_wrong_setting_ends_the_process_with_its_name(environ: dict[str, str]) -> None:
    process = start(environ | {"CDN_DEPLOYMENT_FILE": ""})
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 2
    assert errors == "cdn: set CDN_DEPLOYMENT_FILE; README.md says what it means\n"


def test_a_missing_deployment_ends_the_process_with_its_variable(environ: dict[str, str]) -> None:
    process = start(environ | {"CDN_DEPLOYMENT_FILE": "nowhere.json"})
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 2
    assert errors.startswith("cdn: CDN_DEPLOYMENT_FILE: cannot read nowhere.json")
