"""The template as data: CloudFormation's short forms (`!Ref`, `!Sub`, …) become its long ones."""

from typing import Any

import yaml

# Short forms whose long form has no `Fn::` before it.
BARE_FORMS = frozenset({"Ref", "Condition"})


class _Loader(yaml.SafeLoader):
    """A safe loader that knows CloudFormation's tags."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in BARE_FORMS else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    value = loader.construct_scalar(node)  # type: ignore[arg-type]  # a scalar: the other two are gone
    return {name: value.split(".", 1) if suffix == "GetAtt" else value}


_Loader.add_multi_constructor("!", _long_form)


def parse_template(text: str) -> dict[str, Any]:
    """The document with long forms only, as CloudFormation's JSON would have it."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506  # a safe loader with CloudFormation's tags
    return document
