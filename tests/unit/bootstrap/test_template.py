"""What the template promises, read from the template itself."""

import json
from typing import Any

import pytest
from cloudformation_template import read_template

from bootstrap.template import TEMPLATE_FILE, api_hash, render_template
from sstech_video.errors import ErrorCode

TEXT = TEMPLATE_FILE.read_text(encoding="utf-8")
FUNCTIONS = ("UploadFunction", "LibraryFunction", "TriggerFunction", "ConversionCompleteFunction", "ReconcilerFunction")
# Actions that have no resource level on AWS (each service's page of "Actions, resources, and condition keys").
WITHOUT_RESOURCE_LEVEL = {"mediaconvert:Probe", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}


TEMPLATE = read_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def _of_type(kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}


def _statements() -> list[tuple[str, dict[str, Any]]]:
    """Of roles, and of the policies that are attached to them."""
    documents = [
        *(
            (name, policy["PolicyDocument"])
            for name, role in _of_type("AWS::IAM::Role").items()
            for policy in role["Properties"]["Policies"]
        ),
        *((name, policy["Properties"]["PolicyDocument"]) for name, policy in _of_type("AWS::IAM::Policy").items()),
    ]
    return [(name, statement) for name, document in documents for statement in document["Statement"]]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_a_changed_route_makes_a_new_deployment() -> None:
    changed = TEXT.replace("PathPart: playback", "PathPart: play")

    assert changed != TEXT
    assert api_hash(changed) != api_hash(TEXT)


def test_a_change_elsewhere_leaves_the_deployment_alone() -> None:
    changed = TEXT.replace("QueueName:", "QueueName :")

    assert changed != TEXT
    assert api_hash(changed) == api_hash(TEXT)


def test_the_rendered_deployment_carries_the_hash_everywhere() -> None:
    rendered = render_template()

    assert "CONTENTHASH" not in rendered
    assert rendered.count(f"ApiDeployment{api_hash(TEXT)}") == 2


def test_the_deployment_waits_for_every_method_and_gateway_response() -> None:
    deployment = RESOURCES["ApiDeploymentCONTENTHASH"]
    awaited = {*_of_type("AWS::ApiGateway::Method"), *_of_type("AWS::ApiGateway::GatewayResponse")}

    assert set(deployment["DependsOn"]) == awaited


def test_every_method_but_auth_is_behind_the_cognito_authorizer() -> None:
    kinds = {
        name: method["Properties"]["AuthorizationType"] for name, method in _of_type("AWS::ApiGateway::Method").items()
    }

    assert {name for name, kind in kinds.items() if kind != "COGNITO_USER_POOLS"} == {"AuthPost"}


def test_no_role_has_a_wildcard_action() -> None:
    wild = [(role, action) for role, one in _statements() for action in _as_list(one["Action"]) if "*" in action]

    assert wild == []


def test_only_actions_without_a_resource_level_are_granted_on_everything() -> None:
    everywhere = [one for _, one in _statements() if "*" in _as_list(one["Resource"])]

    assert {action for one in everywhere for action in _as_list(one["Action"])} == WITHOUT_RESOURCE_LEVEL


def test_each_function_has_a_role_and_a_log_group_of_its_own() -> None:
    roles = [RESOURCES[function]["Properties"]["Role"]["GetAtt"] for function in FUNCTIONS]

    assert len(set(roles)) == len(FUNCTIONS)
    logs = [RESOURCES[function]["DependsOn"] for function in FUNCTIONS]
    assert len(set(logs)) == len(FUNCTIONS)
    assert set(logs) <= set(_of_type("AWS::Logs::LogGroup"))


@pytest.mark.parametrize("bucket", ["SiteBucket", "MediaBucket", "TempBucket"])
def test_no_bucket_can_be_public(bucket: str) -> None:
    assert set(RESOURCES[bucket]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_second_factor_is_for_everybody() -> None:
    assert RESOURCES["UserPool"]["Properties"]["MfaConfiguration"] == "ON"
    assert RESOURCES["UserPool"]["Properties"]["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_no_plain_password_flow_is_open() -> None:
    flows = RESOURCES["UserPoolClient"]["Properties"]["ExplicitAuthFlows"]

    assert set(flows) == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


def test_the_queue_hides_a_message_six_times_as_long_as_the_function_may_take() -> None:
    visibility = RESOURCES["TriggerQueue"]["Properties"]["VisibilityTimeout"]

    assert visibility >= 6 * RESOURCES["TriggerFunction"]["Properties"]["Timeout"]


def test_the_reconciler_comes_round_by_itself() -> None:
    rule = RESOURCES["ReconcilerRule"]["Properties"]

    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert [target["Arn"]["GetAtt"] for target in rule["Targets"]] == ["ReconcilerFunction.Arn"]
    assert RESOURCES["ReconcilerPermission"]["Properties"]["SourceArn"]["GetAtt"] == "ReconcilerRule.Arn"


def test_what_fails_after_its_delivery_is_kept() -> None:
    config = RESOURCES["ConversionCompleteInvokeConfig"]["Properties"]
    (target,) = RESOURCES["ConversionCompleteRule"]["Properties"]["Targets"]

    assert config["DestinationConfig"]["OnFailure"]["Destination"]["GetAtt"] == "EventDeadLetterQueue.Arn"
    assert target["DeadLetterConfig"]["Arn"]["GetAtt"] == "EventDeadLetterQueue.Arn"
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert RESOURCES["TriggerQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] > 1


def test_conversions_that_start_at_a_time_are_bounded() -> None:
    mapping = RESOURCES["TriggerEventSource"]["Properties"]

    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_only_functions_that_every_engine_evaluates_are_used() -> None:
    # LocalStack evaluates neither, and ministack lacks the attribute.
    for word in ("ToJsonString", "Fn::Length", "ProviderURL"):
        assert word not in TEXT


def test_api_gateways_own_answers_use_the_apis_closed_list_of_codes() -> None:
    bodies = [
        json.loads(response["Properties"]["ResponseTemplates"]["application/json"])
        for response in _of_type("AWS::ApiGateway::GatewayResponse").values()
    ]

    assert bodies
    assert {body["error"]["code"] for body in bodies} <= {code.value for code in ErrorCode}
    assert all(body["error"]["message"] for body in bodies)


def test_an_original_outlives_the_month_in_which_its_conversion_was_refused() -> None:
    rules = {one["Id"]: one for one in RESOURCES["TempBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert rules["originals"]["ExpirationInDays"] > 31
    # Counted from the first part, however lately the last one came.
    assert rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] >= 60
