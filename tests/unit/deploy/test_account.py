"""Who deploys, where, and whether there is room: told in words that say what to do next."""

import boto3
import pytest
from deploy_harness import Emulated

from bootstrap.account import PUBLIC_KEYS_QUOTA, check_room, open_account
from bootstrap.errors import AccountError


def test_without_credentials_the_way_to_get_them_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")

    with pytest.raises(AccountError, match=r"no AWS credentials.*aws sso login"):
        open_account("us-east-1")


def test_unknown_credentials_are_told(emulated: Emulated) -> None:
    session = boto3.Session(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wrong")
    with pytest.raises(AccountError, match="does not know these credentials"):
        open_account("us-east-1", session)


def test_a_region_without_a_service_is_told_with_those_that_have_all(emulated: Emulated) -> None:
    with pytest.raises(AccountError, match=r"nowhere-1 has no .*mediaconvert.*sa-east-1"):
        open_account("nowhere-1")


def test_a_region_must_be_named(emulated: Emulated, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    with pytest.raises(AccountError, match="--region"):
        open_account(None)


def test_a_full_quota_is_told_before_anything_is_made(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_room(emulated.account, is_new=True) == []
    monkeypatch.setattr("bootstrap.account.PUBLIC_KEYS_QUOTA", 1)
    with pytest.raises(AccountError, match=r"public keys.*Service Quotas"):
        check_room(emulated.account, is_new=True)
    assert PUBLIC_KEYS_QUOTA == 10
    assert check_room(emulated.account, is_new=False) == []
