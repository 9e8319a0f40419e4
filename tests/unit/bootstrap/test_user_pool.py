"""What the template promises of sign-in where a running stack cannot show it: on production, and at the gateway."""

from typing import Any

from test_template import RESOURCES

POOL: dict[str, Any] = RESOURCES["UserPool"]
EVERYTHING, AUTH = RESOURCES["ApiStage"]["Properties"]["MethodSettings"]


def test_the_accounts_of_production_outlive_a_slip_of_the_hand() -> None:
    # A pool that a failed first deployment has made holds nobody yet, and goes with it.
    assert (POOL["DeletionPolicy"], POOL["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert POOL["Properties"]["DeletionProtection"] == {"If": ["IsProduction", "ACTIVE", "INACTIVE"]}


def test_who_may_sign_up_is_a_parameter() -> None:
    config = POOL["Properties"]["AdminCreateUserConfig"]
    assert config["AllowAdminCreateUserOnly"] == {"If": ["IsInviteOnly", True, False]}


def test_bodies_are_never_logged() -> None:
    assert [one["DataTraceEnabled"] for one in (EVERYTHING, AUTH)] == [False, False]


def test_auth_is_throttled_below_the_rest() -> None:
    # CloudFormation wants slashes as ~1; the embedded engine takes the path as it stands.
    assert AUTH["ResourcePath"] == {"If": ["HasCloudFront", "/~1auth", "/auth"]}
    assert EVERYTHING["ResourcePath"] == "/*"
    assert AUTH["ThrottlingRateLimit"] <= 20
    assert AUTH["ThrottlingBurstLimit"] <= 40
    assert AUTH["ThrottlingRateLimit"] < EVERYTHING["ThrottlingRateLimit"]


def test_refused_calls_of_auth_are_counted_apart() -> None:
    # Without its own numbers the alarm on refused sign-ins would never sound.
    dimensions = RESOURCES["RefusedSignInsAlarm"]["Properties"]["Dimensions"]
    assert {"Name": "Resource", "Value": "/auth"} in dimensions
    assert AUTH["MetricsEnabled"] is True


def test_auth_leads_to_the_stand_ins_door_for_users_or_to_cognito_over_tls() -> None:
    own, chosen, other = RESOURCES["AuthPost"]["Properties"]["Integration"]["Uri"]["If"]
    assert (own, chosen) == ("HasOwnCognitoEndpoint", {"Sub": "${CognitoEndpointUrl}/users"})
    assert other == {"Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/"}
