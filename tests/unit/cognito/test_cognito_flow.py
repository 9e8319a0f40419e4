import jwt
from cognito_harness import Service


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_sign_up_to_tokens_and_back_in(service: Service) -> None:
    person = service.person()
    setup = person.give_password_by_srp()
    assert setup["ChallengeName"] == "MFA_SETUP"
    assert "AuthenticationResult" not in setup
    assert setup["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SOFTWARE_TOKEN_MFA"]'
    tokens = person.enrol(setup)["AuthenticationResult"]
    assert claims(tokens["IdToken"])["email"] == person.email
    assert set(tokens) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}

    challenge = person.give_password_by_srp()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    again = person.give_code(challenge["Session"])["AuthenticationResult"]
    assert claims(again["IdToken"])["sub"] == claims(tokens["IdToken"])["sub"]
