"""Response headers policies: what CloudFront adds to every answer of a behaviour.

Source: Amazon CloudFront Developer Guide, "Understand response headers policies".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdn_standin.headers import Headers


class HeadersPolicyError(ValueError):
    """A policy that cannot be followed; the message names the member."""


@dataclass(frozen=True, slots=True)
class AddedHeader:
    """A header in lower case; with `override` it wins over the origin's."""

    name: bytes
    value: bytes
    override: bool


@dataclass(frozen=True, slots=True)
class HeadersPolicy:
    """Headers to add, in order."""

    added: tuple[AddedHeader, ...]

    def apply(self, headers: Headers) -> Headers:
        """The answer's headers with the policy's."""
        present = {name for name, _ in headers}
        added = [one for one in self.added if one.override or one.name not in present]
        replaced = {one.name for one in added}
        kept = [(name, value) for name, value in headers if name not in replaced]
        return kept + [(one.name, one.value) for one in added]


def _hsts(config: Mapping[str, Any]) -> str:
    flags = [("IncludeSubdomains", "includeSubDomains"), ("Preload", "preload")]
    words = [f"max-age={config['AccessControlMaxAgeSec']}", *(word for member, word in flags if config.get(member))]
    return "; ".join(words)


_SECURITY_HEADERS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "ContentSecurityPolicy": ("content-security-policy", lambda config: config["ContentSecurityPolicy"]),
    "ContentTypeOptions": ("x-content-type-options", lambda _config: "nosniff"),
    "FrameOptions": ("x-frame-options", lambda config: config["FrameOption"]),
    "ReferrerPolicy": ("referrer-policy", lambda config: config["ReferrerPolicy"]),
    "StrictTransportSecurity": ("strict-transport-security", _hsts),
}


def parse_headers_policy(config: Mapping[str, Any], *, is_https: bool) -> HeadersPolicy:
    """`config` is CloudFormation's `ResponseHeadersPolicyConfig`.

    Browsers ignore HSTS over http (RFC 6797, section 8.1), and sending it there is forbidden (section 7.2).

    Raises: HeadersPolicyError.
    """
    unknown = sorted(set(config) - {"Comment", "CustomHeadersConfig", "Name", "SecurityHeadersConfig"})
    unknown += sorted(set(config.get("SecurityHeadersConfig", {})) - set(_SECURITY_HEADERS))
    if unknown:
        raise HeadersPolicyError(f"headers policy: {', '.join(unknown)} cannot be followed here")
    try:
        added = [*_security_headers(config.get("SecurityHeadersConfig", {})), *_custom_headers(config)]
    except (KeyError, TypeError, AttributeError) as error:
        raise HeadersPolicyError(f"headers policy: {error!r} is missing or wrong") from error
    return HeadersPolicy(tuple(one for one in added if is_https or one.name != b"strict-transport-security"))


def _security_headers(config: Mapping[str, Any]) -> list[AddedHeader]:
    return [
        _added(_SECURITY_HEADERS[member][0], _SECURITY_HEADERS[member][1](one), one) for member, one in config.items()
    ]


def _custom_headers(config: Mapping[str, Any]) -> list[AddedHeader]:
    return [_added(one["Header"], one["Value"], one) for one in config.get("CustomHeadersConfig", {}).get("Items", [])]


def _added(name: str, value: str, config: Mapping[str, Any]) -> AddedHeader:
    return AddedHeader(name.lower().encode("ascii"), value.encode("ascii"), bool(config["Override"]))
