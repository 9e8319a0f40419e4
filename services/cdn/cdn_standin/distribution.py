"""A CloudFront distribution as its configuration describes it: which behaviour answers a path, and how.

Reads CloudFormation's `DistributionConfig`. What it asks for and this program cannot do is refused by name, so that
a stand-in never quietly does less than CloudFront would.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from cdn_standin.headers_policies import HeadersPolicy

Value = TypeVar("Value")

# Ids that AWS publishes: CloudFront Developer Guide, "Use managed cache policies" and "... origin request policies".
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

DEFAULT_METHODS = frozenset({"GET", "HEAD"})
# Only a cache policy that looks at Accept-Encoding lets CloudFront compress.
ENCODINGS = {CACHING_OPTIMIZED: ("br", "gzip"), CACHING_DISABLED: ()}

# Members that make no difference on one machine: logs, certificates, names, prices, protocols, firewalls.
_WITHOUT_EFFECT = frozenset(
    {
        "Aliases",
        "Comment",
        "Enabled",
        "HttpVersion",
        "IPV6Enabled",
        "Logging",
        "PriceClass",
        "ViewerCertificate",
        "WebACLId",
    }
)
_CONFIG_MEMBERS = _WITHOUT_EFFECT | {"CacheBehaviors", "DefaultCacheBehavior", "DefaultRootObject", "Origins"}
_BEHAVIOUR_MEMBERS = frozenset(
    {
        "AllowedMethods",
        "CachePolicyId",
        "CachedMethods",
        "Compress",
        "OriginRequestPolicyId",
        "PathPattern",
        "ResponseHeadersPolicyId",
        "TargetOriginId",
        "TrustedKeyGroups",
        "ViewerProtocolPolicy",
    }
)
_BUCKET_DOMAIN = re.compile(r"(?P<bucket>[a-z0-9.-]+)\.s3[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?")
_API_DOMAIN = re.compile(r"(?P<api>[A-Za-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


class DistributionError(ValueError):
    """A configuration that cannot be followed; the message names the member."""


@dataclass(frozen=True, slots=True)
class BucketTarget:
    """An S3 bucket behind an origin access control."""

    bucket: str


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """A REST API of API Gateway, by its id."""

    api_id: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one path pattern is answered. `keys` is None where no signature is asked for."""

    pattern: re.Pattern[str]
    target: BucketTarget | ApiTarget
    methods: frozenset[str]
    encodings: tuple[str, ...]
    headers: HeadersPolicy
    keys: Mapping[str, RSAPublicKey] | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """`behaviours` in their order of precedence; the last one, the default, matches everything."""

    behaviours: tuple[Behaviour, ...]
    default_root_object: str

    def behaviour(self, path: str) -> Behaviour:
        """The behaviour for a path that begins with a slash."""
        return next(one for one in self.behaviours if one.pattern.fullmatch(path))

    def is_default(self, behaviour: Behaviour) -> bool:
        return behaviour is self.behaviours[-1]


def parse_distribution(
    config: Mapping[str, Any],
    *,
    headers_policies: Mapping[str, HeadersPolicy],
    key_groups: Mapping[str, Mapping[str, RSAPublicKey]],
) -> Distribution:
    """`config` is a `DistributionConfig`; policies and key groups go by the ids it names. Raises: DistributionError."""
    _refuse_unknown("DistributionConfig", config, _CONFIG_MEMBERS)
    try:
        targets = {origin["Id"]: _target(origin) for origin in config["Origins"]}
        reader = _BehaviourReader(targets, headers_policies, key_groups)
        ordered = [reader.read(one["PathPattern"], one) for one in config.get("CacheBehaviors", [])]
        ordered.append(reader.read("*", config["DefaultCacheBehavior"]))
        return Distribution(tuple(ordered), config.get("DefaultRootObject", ""))
    except (KeyError, TypeError, AttributeError) as error:
        raise DistributionError(f"distribution: {error!r} is missing or wrong") from error


@dataclass(frozen=True, slots=True)
class _BehaviourReader:
    targets: Mapping[str, BucketTarget | ApiTarget]
    headers_policies: Mapping[str, HeadersPolicy]
    key_groups: Mapping[str, Mapping[str, RSAPublicKey]]

    def read(self, path_pattern: str, config: Mapping[str, Any]) -> Behaviour:
        name = f"behaviour {path_pattern}"
        _refuse_unknown(name, config, _BEHAVIOUR_MEMBERS)
        target = _named(name, "TargetOriginId", config["TargetOriginId"], self.targets)
        _require_forwarding(name, target, config)
        cache_policy = config["CachePolicyId"]
        policy = config.get("ResponseHeadersPolicyId")
        return Behaviour(
            pattern=path_pattern_regex(path_pattern),
            target=target,
            methods=frozenset(config.get("AllowedMethods", DEFAULT_METHODS)),
            encodings=ENCODINGS[cache_policy] if config.get("Compress") else (),
            headers=(
                _named(name, "ResponseHeadersPolicyId", policy, self.headers_policies) if policy else HeadersPolicy(())
            ),
            keys=self._keys(name, config.get("TrustedKeyGroups", [])),
        )

    def _keys(self, name: str, groups: list[str]) -> Mapping[str, RSAPublicKey] | None:
        if not groups:
            return None
        trusted: dict[str, RSAPublicKey] = {}
        for group in groups:
            trusted.update(_named(name, "TrustedKeyGroups", group, self.key_groups))
        return trusted


def path_pattern_regex(pattern: str) -> re.Pattern[str]:
    """CloudFront's path patterns: `*` is any run of characters, `?` exactly one, the leading slash is optional."""
    parts = (".*" if run == "*" else "." if run == "?" else re.escape(run) for run in re.split(r"([*?])", pattern))
    leading = "/?" if pattern == "*" else "" if pattern.startswith("/") else "/"
    return re.compile(leading + "".join(parts), re.DOTALL)


def _target(origin: Mapping[str, Any]) -> BucketTarget | ApiTarget:
    domain = origin["DomainName"]
    if origin.get("OriginPath"):
        raise DistributionError(f"origin {origin['Id']}: OriginPath cannot be followed here")
    if found := _BUCKET_DOMAIN.fullmatch(domain):
        if not origin.get("OriginAccessControlId"):
            raise DistributionError(f"origin {origin['Id']}: without OriginAccessControlId S3 would refuse CloudFront")
        return BucketTarget(found["bucket"])
    if found := _API_DOMAIN.fullmatch(domain):
        return ApiTarget(found["api"])
    raise DistributionError(f"origin {origin['Id']}: DomainName {domain!r} is neither a bucket nor a REST API")


def _require_forwarding(name: str, target: BucketTarget | ApiTarget, config: Mapping[str, Any]) -> None:
    """Only two pairs of policies are known here: what they forward and cache is what this program does."""
    pair = config.get("CachePolicyId"), config.get("OriginRequestPolicyId")
    known = (
        (CACHING_OPTIMIZED, None)
        if isinstance(target, BucketTarget)
        else (CACHING_DISABLED, ALL_VIEWER_EXCEPT_HOST_HEADER)
    )
    if pair != known:
        raise DistributionError(f"{name}: CachePolicyId and OriginRequestPolicyId {pair} cannot be followed here")


def _named(where: str, member: str, name: Any, known: Mapping[str, Value]) -> Value:
    if name not in known:
        raise DistributionError(f"{where}: {member} names {name!r}, which the deployment does not describe")
    return known[name]


def _refuse_unknown(where: str, config: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(config) - known)
    if unknown:
        raise DistributionError(f"{where}: {', '.join(unknown)} cannot be followed here")
