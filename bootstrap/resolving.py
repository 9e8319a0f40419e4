"""Evaluates a template's intrinsic functions for given parameters, without any engine.

For what must be known before or beside a deployment: the distribution that the CDN stand-in follows, and the names
and sizes that a stage will have.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bootstrap.errors import BootstrapError

SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")
PSEUDO_PARAMETERS = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}


class _NoValue:
    """`AWS::NoValue`: whatever holds it loses it."""


NO_VALUE = _NoValue()


class UnresolvedError(BootstrapError):
    """The template refers to something whose value nobody has given."""


class Resolver:
    """One template with its parameters and what its resources are.

    `resources` maps a logical id to what `Ref` gives, and `LogicalId.Attribute` to what `GetAtt` gives.
    """

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], resources: Mapping[str, str]
    ) -> None:
        self._template = template
        self._values = {**PSEUDO_PARAMETERS, **self._defaults(), **parameters}
        self._resources = resources
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Join": lambda value: value[0].join(self.resolve(value[1])),
            "Fn::Split": lambda value: self.resolve(value[1]).split(value[0]),
            "Fn::Select": lambda value: self.resolve(value[1])[int(self.resolve(value[0]))],
            "Fn::Equals": lambda value: self.resolve(value[0]) == self.resolve(value[1]),
            "Fn::Not": lambda value: not self.resolve(value[0]),
            "Fn::And": lambda value: all(self.resolve(one) for one in value),
            "Fn::Or": lambda value: any(self.resolve(one) for one in value),
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every function evaluated.

        Raises:
            UnresolvedError: a parameter, resource or attribute is unknown.
        """
        if isinstance(value, list):
            return [found for one in value if (found := self.resolve(one)) is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                return self._functions[name](argument)
        resolved = {key: self.resolve(one) for key, one in value.items()}
        return {key: one for key, one in resolved.items() if one is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Whether the named condition is true."""
        return bool(self.resolve(self._template["Conditions"][condition]))

    def _defaults(self) -> dict[str, Any]:
        parameters = self._template.get("Parameters", {})
        return {name: str(one["Default"]) for name, one in parameters.items() if "Default" in one}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._values:
            value = self._values[name]
            is_list = self._template.get("Parameters", {}).get(name, {}).get("Type") == "CommaDelimitedList"
            return value.split(",") if is_list else value
        return self._resource(name)

    def _resource(self, name: str) -> str:
        if name not in self._resources:
            raise UnresolvedError(f"The template uses {name}, whose value is not known here.")
        return self._resources[name]

    def _get_att(self, path: list[str]) -> str:
        return self._resource(".".join(path))

    def _sub(self, value: Any) -> str:
        text, extra = value if isinstance(value, list) else (value, {})

        def substituted(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in extra:
                return str(self.resolve(extra[name]))
            return self._resource(name) if "." in name else str(self._ref(name))

        return SUBSTITUTION.sub(substituted, text)

    def _if(self, value: list[Any]) -> Any:
        condition, then, otherwise = value
        return self.resolve(then if self.holds(condition) else otherwise)

    def _find_in_map(self, value: list[Any]) -> Any:
        name, first, second = (self.resolve(one) for one in value)
        return self._template["Mappings"][name][first][second]
