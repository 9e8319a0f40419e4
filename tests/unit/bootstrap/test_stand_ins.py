"""A new engine starts with stand-ins that remember nothing of the old one."""

import boto3
from botocore.stub import Stubber
from engine import CREDENTIALS

from bootstrap.platform import Engine
from bootstrap.stand_ins import _cancel_jobs, _delete_pools


def test_every_pool_goes(engine: Engine) -> None:
    cognito = engine.session().client("cognito-idp", endpoint_url=engine.endpoint_url)
    for number in range(3):
        cognito.create_user_pool(PoolName=f"pool-{number}")

    assert _delete_pools(cognito) >= 3

    assert cognito.list_user_pools(MaxResults=60)["UserPools"] == []
    assert _delete_pools(cognito) == 0


def test_unfinished_jobs_are_cancelled_and_one_that_just_ended_does_not_matter() -> None:
    mediaconvert = boto3.client("mediaconvert", endpoint_url="http://127.0.0.1:1", **CREDENTIALS)
    with Stubber(mediaconvert) as stub:
        for status, job_id in (("SUBMITTED", "1"), ("PROGRESSING", "2")):
            job = {"Id": job_id, "Role": "role", "Settings": {}}
            stub.add_response("list_jobs", {"Jobs": [job]}, {"Status": status})
        stub.add_client_error("cancel_job", "ConflictException", expected_params={"Id": "1"})
        stub.add_response("cancel_job", {}, {"Id": "2"})

        assert _cancel_jobs(mediaconvert) == 2

        stub.assert_no_pending_responses()
