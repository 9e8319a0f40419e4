import json

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bootstrap.platform import Engine
from bootstrap.signing_key import ensure_signing_key


def test_the_key_is_made_once_and_its_public_half_matches(engine: Engine) -> None:
    ssm = engine.session().client("ssm", endpoint_url=engine.endpoint_url)

    first = ensure_signing_key(ssm, "/test/signing-key")
    second = ensure_signing_key(ssm, "/test/signing-key")

    assert first == second
    public = load_pem_public_key(first.pem.encode())
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 2048


def test_the_private_half_is_stored_encrypted_as_a_jwk(engine: Engine) -> None:
    ssm = engine.session().client("ssm", endpoint_url=engine.endpoint_url)

    ensure_signing_key(ssm, "/test/another-key")

    stored = ssm.get_parameter(Name="/test/another-key", WithDecryption=True)["Parameter"]
    assert stored["Type"] == "SecureString"
    assert set(json.loads(stored["Value"])) == {"kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"}
