"""Deploying into an engine whose CloudFormation only creates: code and site change through their own APIs.

LocalStack's updates report success and change nothing, so a changed template means a fresh engine there.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bootstrap.errors import DeploymentError
from bootstrap.packaging import CODE_PARAMETER, Package
from bootstrap.stack import POLL_SECONDS, Deployed, deploy_stack, find_stack, settled_status, stack_outputs

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_lambda.client import LambdaClient

START_AFRESH = "Stop the stack and start it again: this engine cannot change a stack that is there."


def create_or_refresh(
    cloudformation: "CloudFormationClient",
    functions: "LambdaClient",
    name: str,
    *,
    template_url: str,
    template: str,
    parameters: Mapping[str, str],
    package: Package,
) -> Deployed:
    """Creates stack `name`, or gives the functions of the one that is there the code of `package`.

    Raises:
        DeploymentError: creation failed, or the stack that is there was made from another template.
    """
    stack = find_stack(cloudformation, name)
    if stack is None:
        return deploy_stack(cloudformation, name, template_url=template_url, parameters=parameters, pace="fast")
    # Another deployment, or one that was killed half-way, may be at work: the engine itself goes on with it.
    status = settled_status(cloudformation, name, POLL_SECONDS["fast"])
    if status != "CREATE_COMPLETE":
        raise DeploymentError(f"An earlier deployment failed and left its remains ({status}). {START_AFRESH}")
    _require_same_definition(cloudformation, stack, template, parameters)
    changed = _update_functions(functions, _function_names(cloudformation, name), parameters["CodeBucket"], package)
    return Deployed(changed, stack_outputs(cloudformation, name))


def _require_same_definition(
    cloudformation: "CloudFormationClient", stack: "StackTypeDef", template: str, parameters: Mapping[str, str]
) -> None:
    name = stack["StackName"]
    if str(cloudformation.get_template(StackName=name)["TemplateBody"]).strip() != template.strip():
        raise DeploymentError(f"The template has changed since {name} was created. {START_AFRESH}")
    present = {item["ParameterKey"]: item["ParameterValue"] for item in stack.get("Parameters", [])}
    # New code goes to the functions themselves.
    differing = [key for key, value in parameters.items() if key != CODE_PARAMETER and present.get(key) != value]
    if differing:
        raise DeploymentError(f"These parameters have changed since {name} was created: {differing}. {START_AFRESH}")


def _function_names(cloudformation: "CloudFormationClient", name: str) -> list[str]:
    return [
        resource["PhysicalResourceId"]
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    ]


def _update_functions(functions: "LambdaClient", names: list[str], bucket: str, package: Package) -> bool:
    digest = base64.b64encode(hashlib.sha256(package.path.read_bytes()).digest()).decode()
    stale = [
        name for name in names if functions.get_function(FunctionName=name)["Configuration"]["CodeSha256"] != digest
    ]
    for name in stale:
        functions.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=package.key)
    for name in stale:
        functions.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    return bool(stale)
