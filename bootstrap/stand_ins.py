"""Makes the stand-ins forget what belonged to an engine that is gone, through their own AWS APIs."""

from typing import TYPE_CHECKING

from bootstrap.local import LocalSetup

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient
    from mypy_boto3_mediaconvert.client import MediaConvertClient
    from mypy_boto3_mediaconvert.literals import JobStatusType

POOLS_PER_PAGE = 60
UNFINISHED: tuple["JobStatusType", ...] = ("SUBMITTED", "PROGRESSING")


def forget_everything(setup: LocalSetup) -> int:
    """Deletes every user pool and cancels every unfinished job; returns how many of both there were."""
    session = setup.engine.session()
    pools = _delete_pools(session.client("cognito-idp", endpoint_url=setup.inside.cognito))
    return pools + _cancel_jobs(session.client("mediaconvert", endpoint_url=setup.inside.mediaconvert))


def _delete_pools(cognito: "CognitoIdentityProviderClient") -> int:
    pages = cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": POOLS_PER_PAGE})
    ids = [pool["Id"] for page in pages for pool in page["UserPools"]]
    for pool_id in ids:
        cognito.delete_user_pool(UserPoolId=pool_id)
    return len(ids)


def _cancel_jobs(mediaconvert: "MediaConvertClient") -> int:
    ids = [
        job["Id"]
        for status in UNFINISHED
        for page in mediaconvert.get_paginator("list_jobs").paginate(Status=status)
        for job in page.get("Jobs", [])
    ]
    for job_id in ids:
        # One that has just ended has nothing left to cancel.
        try:
            mediaconvert.cancel_job(Id=job_id)
        except (mediaconvert.exceptions.ConflictException, mediaconvert.exceptions.NotFoundException):
            continue
    return len(ids)
