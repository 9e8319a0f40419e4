"""What the template promises of sign-in where a running stack cannot show it: on production, and at the gateway."""

from typing import Any

import pytest
from test_template import RESOURCES

POOL: dict[str, Any] = RESOURCES["UserPool"]
METHOD_SETTINGS = {item["ResourcePath"]: item for item in RESOURCES["ApiStage"]["Properties"]["MethodSettings"]}


def test_the_accounts_of_production_outlive_a_slip_of_the_hand() -> None:
    # A pool that a failed first deployment has made holds nobody yet, and goes with it.
    assert (POOL["DeletionPolicy"], POOL["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert POOL["Properties"]["DeletionProtection"] == {"If": ["IsProduction", "ACTIVE", "INACTIVE"]}


def test_who_may_sign_up_is_a_parameter() -> None:
    config = POOL["Properties"]["AdminCreateUserConfig"]
    assert config["AllowAdminCreateUserOnly"] == {"If": ["IsInviteOnly", True, False]}


@pytest.mark.parametrize("path", ["/*", "/auth"])
def test_bodies_are_never_logged(path: str) -> None:
    assert METHOD_SETTINGS[path]["DataTraceEnabled"] is False


def test_auth_is_throttled_below_the_rest() -> None:
    auth, rest = METHOD_SETTINGS["/auth"], METHOD_SETTINGS["/*"]
    assert auth["ThrottlingRateLimit"] <= 20
    assert auth["ThrottlingBurstLimit"] <= 40
    assert auth["ThrottlingRateLimit"] < rest["ThrottlingRateLimit"]


def test_auth_leads_to_the_stand_ins_door_for_users_or_to_cognito_over_tls() -> None:
    own, chosen, other = RESOURCES["AuthPost"]["Properties"]["Integration"]["Uri"]["If"]
    assert (own, chosen) == ("HasOwnCognitoEndpoint", {"Sub": "${CognitoEndpointUrl}/users"})
    assert other == {"Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/"}
