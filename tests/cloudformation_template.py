"""The template as data: CloudFormation's short forms become {tag: value}."""

from __future__ import annotations

from typing import Any

import yaml

from bootstrap.template import TEMPLATE_FILE


class _Loader(yaml.SafeLoader):
    """A safe loader that knows CloudFormation's tags."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def read_template() -> dict[str, Any]:
    """The whole template, a new copy each time."""
    template: dict[str, Any] = yaml.load(TEMPLATE_FILE.read_text("utf-8"), _Loader)  # noqa: S506  # see _Loader
    return template
