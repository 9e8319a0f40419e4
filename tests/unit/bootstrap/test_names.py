import pytest

from bootstrap.errors import BootstrapError
from bootstrap.names import stage_names

LONGEST_STAGE = "a234567890"
LONGEST_REGION = "ap-southeast-5"
# S3's and Lambda's own limits.
BUCKET_NAME_LIMIT = 63
FUNCTION_NAME_LIMIT = 64


@pytest.mark.parametrize("stage", ["prod", "local"])
def test_the_owners_names_stand_bare_on_prod_and_on_the_laptop(stage: str) -> None:
    assert stage_names(stage).name_suffix == ""
    assert stage_names(stage).bucket_suffix == ""


def test_another_stage_appends_its_name() -> None:
    assert stage_names("test").name_suffix == "-test"


def test_bucket_names_are_unique_on_aws() -> None:
    names = stage_names("test", account="123456789012", region="sa-east-1")

    assert names.bucket_suffix == "-123456789012-sa-east-1-test"


def test_the_longest_names_stay_within_the_limits_of_aws() -> None:
    names = stage_names(LONGEST_STAGE, account="123456789012", region=LONGEST_REGION)

    assert len(f"video-temp-conversion{names.bucket_suffix}") <= BUCKET_NAME_LIMIT
    assert len(f"video-streaming-library{names.name_suffix}") <= FUNCTION_NAME_LIMIT


@pytest.mark.parametrize("stage", ["", "Prod", "1st", "a-stage-too-long", "x_y", "../x"])
def test_a_stage_that_cannot_be_part_of_a_name_is_refused(stage: str) -> None:
    with pytest.raises(BootstrapError, match="cannot be a stage"):
        stage_names(stage)
