"""The template's CloudFront distribution, resolved for a stack that has no CloudFront.

The CDN stand-in follows the same `DistributionConfig` and headers policies that CloudFront gets, so the two cannot
drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bootstrap.parsing import parse_template
from bootstrap.resolving import Resolver
from bootstrap.signing_key import PublicKey
from bootstrap.template import render_template

HEADERS_POLICY = "AWS::CloudFront::ResponseHeadersPolicy"
KEY_GROUP = "SigningKeyGroup"


@dataclass(frozen=True, slots=True)
class Backends:
    """What stands behind the distribution: the two buckets' names, the REST API's id and their region."""

    site_bucket: str
    media_bucket: str
    api_id: str
    region: str


def distribution_document(
    parameters: Mapping[str, str], backends: Backends, keys: tuple[PublicKey, ...]
) -> dict[str, Any]:
    """`{"distribution", "responseHeadersPolicies", "keyGroups"}`: configurations in CloudFormation's own shapes.

    Policies and key groups go by the names that the distribution refers to them with; a key group is key pair ids
    with their PEM public keys.

    Raises:
        UnresolvedError: the distribution refers to something that is not known before CloudFront exists.
    """
    template = parse_template(render_template())
    policies = {name: one for name, one in template["Resources"].items() if one["Type"] == HEADERS_POLICY}
    resolver = Resolver(
        template,
        {"AWS::Region": backends.region, "AWS::StackName": "local", **parameters},
        {
            "Api": backends.api_id,
            "SiteBucket.RegionalDomainName": f"{backends.site_bucket}.s3.{backends.region}.amazonaws.com",
            "MediaBucket.RegionalDomainName": f"{backends.media_bucket}.s3.{backends.region}.amazonaws.com",
            "OriginAccess.Id": "OriginAccess",
            KEY_GROUP: KEY_GROUP,
            **{name: name for name in policies},
        },
    )
    distribution = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    return {
        "distribution": resolver.resolve(distribution),
        "responseHeadersPolicies": {
            name: resolver.resolve(policy["Properties"]["ResponseHeadersPolicyConfig"])
            for name, policy in policies.items()
        },
        "keyGroups": {KEY_GROUP: {key.key_id: key.pem for key in keys}},
    }
