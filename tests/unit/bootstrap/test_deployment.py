"""The deploy program against a real CloudFormation: the embedded engine's."""

import pytest
import requests

from bootstrap import platform
from bootstrap.errors import DeploymentError
from bootstrap.platform import Deployment, Engine, deploy_platform
from bootstrap.stack import deploy_stack
from bootstrap.template import render_template

BROKEN = """
Resources:
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: us-east-1_nothing}
"""


def test_deploying_again_changes_nothing_and_is_a_success(engine: Engine, deployment: Deployment) -> None:
    first = deploy_platform(engine, deployment)

    second = deploy_platform(engine, deployment)

    assert not second.changed
    assert second.outputs == first.outputs
    assert second.signing_keys == first.signing_keys


def test_a_changed_route_goes_live(engine: Engine, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = deploy_platform(engine, deployment).outputs
    api = f"{engine.endpoint_url}/_aws/execute-api/{outputs['ApiId']}/api"
    assert requests.get(f"{api}/films", timeout=60).status_code == 404
    changed = render_template(platform.render_template().replace("PathPart: videos", "PathPart: films"))
    monkeypatch.setattr(platform, "render_template", lambda: changed)

    deploy_platform(engine, deployment)

    assert requests.get(f"{api}/films", timeout=60).status_code == 401
    assert requests.get(f"{api}/videos", timeout=60).status_code == 404
    monkeypatch.undo()
    deploy_platform(engine, deployment)
    assert requests.get(f"{api}/videos", timeout=60).status_code == 401


def test_api_gateways_own_answers_have_the_apis_error_shape(engine: Engine, deployment: Deployment) -> None:
    outputs = deploy_platform(engine, deployment).outputs
    api = f"{engine.endpoint_url}/_aws/execute-api/{outputs['ApiId']}/api"

    unknown = requests.get(f"{api}/nothing-here", timeout=60)
    signed_out = requests.get(f"{api}/videos", timeout=60)

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    assert (signed_out.status_code, signed_out.json()["error"]["code"]) == (401, "unauthorized")


def test_the_site_bucket_holds_exactly_the_site(engine: Engine, deployment: Deployment) -> None:
    outputs = deploy_platform(engine, deployment).outputs
    s3 = engine.session().client("s3", endpoint_url=engine.endpoint_url)
    s3.put_object(Bucket=outputs["SiteBucketName"], Key="assets/old.js", Body=b"old")

    deploy_platform(engine, deployment)

    kept = s3.list_objects_v2(Bucket=outputs["SiteBucketName"])["Contents"]
    assert {entry["Key"] for entry in kept} == {"index.html", "config.json"}
    page = s3.head_object(Bucket=outputs["SiteBucketName"], Key="index.html")
    assert page["ContentType"] == "text/html; charset=utf-8"


def test_a_failed_deployment_tells_the_first_cause(engine: Engine) -> None:
    session = engine.session()
    s3 = session.client("s3", endpoint_url=engine.endpoint_url)
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="bad.yaml", Body=BROKEN.encode())

    with pytest.raises(DeploymentError, match="Client: "):
        deploy_stack(
            session.client("cloudformation", endpoint_url=engine.endpoint_url),
            "tiny",
            template_url=f"{engine.endpoint_url}/templates/bad.yaml",
            parameters={},
            pace="fast",
        )
