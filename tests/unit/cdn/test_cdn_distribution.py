"""The stand-in follows the template's distribution, and says so when it cannot."""

import copy
from typing import Any

import pytest
from cdn_harness import BACKENDS, LOCAL

from bootstrap.distribution import distribution_document
from cdn_standin.distribution import (
    ApiTarget,
    BucketTarget,
    Distribution,
    DistributionError,
    parse_distribution,
    path_pattern_regex,
)
from cdn_standin.headers_policies import HeadersPolicy, HeadersPolicyError, parse_headers_policy

POLICIES = {"SiteHeaders": HeadersPolicy(()), "DataHeaders": HeadersPolicy(())}


@pytest.fixture
def config() -> dict[str, Any]:
    document = copy.deepcopy(distribution_document(LOCAL, BACKENDS, ()))
    found: dict[str, Any] = document["distribution"]
    return found


def parse(config: dict[str, Any]) -> Distribution:
    return parse_distribution(config, headers_policies=POLICIES, key_groups={"SigningKeyGroup": {}})


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", BucketTarget("site")),
        ("/index.html", BucketTarget("site")),
        ("/api", BucketTarget("site")),
        ("/api/", ApiTarget("rest")),
        ("/api/videos", ApiTarget("rest")),
        ("/API/videos", BucketTarget("site")),
        ("/media/a/b", BucketTarget("media")),
        ("/mediaa/b", BucketTarget("site")),
        ("/assets/api/x", BucketTarget("site")),
    ],
)
def test_the_templates_behaviours_lead_where_they_should(config: dict[str, Any], path: str, target: object) -> None:
    assert parse(config).behaviour(path).target == target


def test_only_media_asks_for_a_signature(config: dict[str, Any]) -> None:
    distribution = parse(config)
    asked = {path: distribution.behaviour(path).keys is not None for path in ("/", "/api/videos", "/media/x")}
    assert asked == {"/": False, "/api/videos": False, "/media/x": True}


def test_the_first_behaviour_that_fits_wins(config: dict[str, Any]) -> None:
    config["CacheBehaviors"].insert(0, {**config["DefaultCacheBehavior"], "PathPattern": "/media/public/*"})
    assert parse(config).behaviour("/media/public/x").target == BucketTarget("site")


def test_the_api_takes_every_method_and_buckets_are_read_only(config: dict[str, Any]) -> None:
    distribution = parse(config)
    assert distribution.behaviour("/media/x").methods == distribution.behaviour("/").methods == {"GET", "HEAD"}
    assert {"POST", "PATCH", "DELETE"} <= distribution.behaviour("/api/x").methods


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("images/*.jp?", "/images/a/b.jpg", True),
        ("images/*.jp?", "/images/a.jpeg", False),
        ("/a?c", "/abc", True),
        ("/a.c", "/abc", False),
        ("*", "/anything/at all", True),
        ("*.js", "/assets/x.js", True),
    ],
)
def test_path_patterns_are_cloudfronts(pattern: str, path: str, fits: bool) -> None:
    assert bool(path_pattern_regex(pattern).fullmatch(path)) is fits


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("CustomErrorResponses", [{"ErrorCode": 404}]),
        ("Restrictions", {"GeoRestriction": {}}),
        ("OriginGroups", {}),
    ],
)
def test_what_the_stand_in_cannot_do_is_named(config: dict[str, Any], member: str, value: object) -> None:
    with pytest.raises(DistributionError, match=member):
        parse(config | {member: value})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("LambdaFunctionAssociations", []),
        ("FunctionAssociations", []),
        ("CachePolicyId", "another"),
        ("OriginRequestPolicyId", "another"),
        ("TargetOriginId", "another"),
        ("ResponseHeadersPolicyId", "another"),
        ("TrustedKeyGroups", ["another"]),
        ("TrustedSigners", ["self"]),
    ],
)
def test_a_behaviour_that_the_stand_in_cannot_follow_is_refused(
    config: dict[str, Any], member: str, value: object
) -> None:
    config["CacheBehaviors"][1][member] = value
    with pytest.raises(DistributionError, match=member):
        parse(config)


def test_a_bucket_that_anybody_could_read_is_refused(config: dict[str, Any]) -> None:
    del config["Origins"][0]["OriginAccessControlId"]
    with pytest.raises(DistributionError, match="OriginAccessControlId"):
        parse(config)


def test_a_policy_wins_over_the_origin_only_when_it_says_so() -> None:
    items = [
        {"Header": "X-A", "Value": "policy", "Override": True},
        {"Header": "X-B", "Value": "policy", "Override": False},
    ]
    policy = parse_headers_policy({"CustomHeadersConfig": {"Items": items}}, is_https=True)
    applied = policy.apply([(b"x-a", b"origin"), (b"x-b", b"origin"), (b"x-c", b"origin")])
    assert sorted(applied) == [(b"x-a", b"policy"), (b"x-b", b"origin"), (b"x-c", b"origin")]


def test_hsts_reads_as_cloudfront_writes_it() -> None:
    config = {
        "SecurityHeadersConfig": {
            "StrictTransportSecurity": {"AccessControlMaxAgeSec": 10, "IncludeSubdomains": True, "Override": True}
        }
    }
    [header] = parse_headers_policy(config, is_https=True).added
    assert (header.name, header.value) == (b"strict-transport-security", b"max-age=10; includeSubDomains")
    assert parse_headers_policy(config, is_https=False).added == ()


@pytest.mark.parametrize("member", ["CorsConfig", "RemoveHeadersConfig", "ServerTimingHeadersConfig"])
def test_an_unknown_part_of_a_headers_policy_is_named(member: str) -> None:
    with pytest.raises(HeadersPolicyError, match=member):
        parse_headers_policy({member: {}}, is_https=True)
