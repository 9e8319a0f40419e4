import json

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from mypy_boto3_ssm import SSMClient

from bootstrap.platform import Engine
from bootstrap.signing_key import (
    SLOTS,
    ensure_signing_keys,
    forget_private_half,
    parameter_name,
    stored_public_half,
)


@pytest.fixture
def ssm(engine: Engine) -> SSMClient:
    client: SSMClient = engine.session().client("ssm", endpoint_url=engine.endpoint_url)
    return client


def test_two_keys_are_made_once_and_their_public_halves_match(ssm: SSMClient) -> None:
    first = ensure_signing_keys(ssm, "/test/signing-key")
    second = ensure_signing_keys(ssm, "/test/signing-key")

    assert first == second
    assert first.by_slot["a"] != first.by_slot["b"]
    for key in first.by_slot.values():
        public = load_pem_public_key(key.pem.encode())
        assert isinstance(public, RSAPublicKey)
        assert public.key_size == 2048


@pytest.mark.parametrize("slot", SLOTS)
def test_a_private_half_is_stored_encrypted_as_a_jwk(ssm: SSMClient, slot: str) -> None:
    ensure_signing_keys(ssm, "/test/another-key")

    stored = ssm.get_parameter(Name=f"/test/another-key/{slot}", WithDecryption=True)["Parameter"]
    assert stored["Type"] == "SecureString"
    assert set(json.loads(stored["Value"])) == {"kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"}


def test_a_retired_key_stays_trusted_and_cannot_sign(ssm: SSMClient) -> None:
    keys = ensure_signing_keys(ssm, "/test/retired")
    forget_private_half(ssm, "/test/retired", "a")

    after = ensure_signing_keys(ssm, "/test/retired", active="b", retired={"a": keys.by_slot["a"].pem})

    assert after.by_slot == keys.by_slot
    assert after.signing == keys.by_slot["b"]
    assert stored_public_half(ssm, "/test/retired", "a") is None
    assert stored_public_half(ssm, "/test/retired", "b") == keys.by_slot["b"]


def test_forgetting_twice_is_no_error(ssm: SSMClient) -> None:
    forget_private_half(ssm, "/test/nothing", "a")
    assert stored_public_half(ssm, "/test/nothing", "a") is None
    assert parameter_name("/test/nothing", "a") == "/test/nothing/a"
