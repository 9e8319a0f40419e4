"""Operations that only the pool's owner may call."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError
from integration.people import new_email

from devstack.contract.client import new_password

from .answers import of_cognito
from .scene import Scene
from .table import Refusal, attack


def unsigned(scene: Scene, operation: str, **body: object) -> Refusal:
    return of_cognito(scene.auth(operation, {"UserPoolId": scene.outputs["UserPoolId"], **body}))


@attack
def owners_operation_list_users(scene: Scene) -> Refusal:
    return unsigned(scene, "ListUsers")


@attack
def owners_operation_read_user(scene: Scene) -> Refusal:
    return unsigned(scene, "AdminGetUser", Username=scene.victim.account.email)


@attack
def owners_operation_set_password(scene: Scene) -> Refusal:
    chosen = {"Username": scene.victim.account.email, "Password": new_password(), "Permanent": True}
    return unsigned(scene, "AdminSetUserPassword", **chosen)


@attack
def owners_operation_switch_second_factor_off(scene: Scene) -> Refusal:
    email = scene.victim.account.email
    return unsigned(scene, "AdminSetUserMFAPreference", Username=email, SoftwareTokenMfaSettings={"Enabled": False})


@attack
def owners_operation_sign_in(scene: Scene) -> Refusal:
    account, client = scene.attacker.account, scene.outputs["UserPoolClientId"]
    parameters = {"USERNAME": account.email, "PASSWORD": account.password}
    flow = "ADMIN_USER_PASSWORD_AUTH"
    return unsigned(scene, "AdminInitiateAuth", ClientId=client, AuthFlow=flow, AuthParameters=parameters)


@attack
def owners_operation_second_factor_for_nobody(scene: Scene) -> Refusal:
    return unsigned(scene, "SetUserPoolMfaConfig", MfaConfiguration="OFF")


@attack
def owners_operation_new_client(scene: Scene) -> Refusal:
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    return unsigned(scene, "CreateUserPoolClient", ClientName="mine", ExplicitAuthFlows=flows)


@attack
def owners_operation_signed_for_another_address(scene: Scene) -> Refusal:
    """A signature is for one host: what was signed for `/auth` is none for Cognito."""
    client = boto3.client(
        "cognito-idp",
        endpoint_url=f"{scene.api('ApiUrl')}/auth",
        region_name=scene.outputs["Region"],
        aws_access_key_id=scene.outputs["AccessKeyId"],
        aws_secret_access_key=scene.outputs["SecretAccessKey"],
    )
    try:
        client.list_users(UserPoolId=scene.outputs["UserPoolId"])
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return Refusal(status, error.response["Error"]["Code"], error.response["Error"]["Message"])
    return Refusal(200, "")


@attack
def unknown_application(scene: Scene) -> Refusal:
    unknown = {"ClientId": "0" * 26, "Username": new_email(), "Password": new_password()}
    return of_cognito(scene.auth("SignUp", unknown))


@attack
def unknown_operation(scene: Scene) -> Refusal:
    return of_cognito(scene.auth("OpenSesame", {}))


@attack
def operation_of_another_service(scene: Scene) -> Refusal:
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter"}
    return of_cognito(scene.auth("", {"Name": "x", "WithDecryption": True}, **headers))
