import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_harness import Emulated, Watcher
from engine import running_engine

from bootstrap.account import open_account
from bootstrap.buckets import delete_bucket
from bootstrap.removal import destroy_stage

NUMBERS = itertools.count()
PROGRAM = Path(__file__).with_name("emulated_aws.py")


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """An AWS account on this machine, found through the SDK's own environment variables."""
    scratch = tmp_path_factory.mktemp("aws")
    faults = scratch / "faults.json"
    site = tmp_path_factory.mktemp("site")
    (site / "assets").mkdir()
    (site / "index.html").write_text("<!doctype html><title>site</title>")
    (site / "assets" / "page-1a2b3c4d.js").write_text("start()")
    command = [sys.executable, str(PROGRAM)]
    with (
        running_engine(scratch, command, {"EMULATED_AWS_FAULTS": str(faults)}) as url,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("AWS_ENDPOINT_URL", url)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.delenv("AWS_PROFILE", raising=False)
        yield Emulated(open_account("us-east-1"), faults, site)


@pytest.fixture
def throwaway(emulated: Emulated) -> Iterator[str]:
    """A new stage's name; the stage is destroyed after the test, since quotas hold here too."""
    name = f"t{next(NUMBERS)}"
    yield name
    stage = emulated.stage(name)
    kept = destroy_stage(stage, Watcher().teller)
    if "videos" in kept:
        delete_bucket(emulated.account.s3, kept["videos"])
        emulated.account.client("cognito-idp").delete_user_pool(UserPoolId=kept["accounts"])
