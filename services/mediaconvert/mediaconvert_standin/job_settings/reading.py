"""Reading job settings while remembering what was read, so that nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Node:
    """One object of the settings. Getters mark a member as honoured; ``unread`` lists the rest.

    An object that is there and empty often means "on, with defaults": ask ``given`` of those, not their truth.
    Types are already checked against the service model, so getters only pick.
    """

    def __init__(self, value: Mapping[str, Any] | None, pointer: str = "", read: set[str] | None = None) -> None:
        self.given = value is not None
        self._value = value or {}
        self.pointer = pointer
        self._read: set[str] = set() if read is None else read

    def __bool__(self) -> bool:
        return bool(self._value)

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def path(self, name: str) -> str:
        return f"{self.pointer}/{name}"

    def _get(self, name: str) -> Any:
        self._read.add(self.path(name))
        return self._value.get(name)

    def text(self, name: str, default: str = "") -> str:
        value = self._get(name)
        return default if value is None else str(value)

    def integer(self, name: str) -> int | None:
        value = self._get(name)
        return None if value is None else int(value)

    def number(self, name: str) -> float | None:
        value = self._get(name)
        return None if value is None else float(value)

    def integers(self, name: str) -> tuple[int, ...]:
        return tuple(self._get(name) or ())

    def numbers(self, name: str) -> tuple[float, ...]:
        return tuple(float(value) for value in self._get(name) or ())

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(value) for value in self._get(name) or ())

    def child(self, name: str) -> Node:
        return self._node(self._value.get(name), self.path(name))

    def children(self, name: str) -> list[Node]:
        items = self._value.get(name) or []
        self._enter(self.path(name))
        return [self._node(item, f"{self.path(name)}/{index}") for index, item in enumerate(items)]

    def named(self, name: str) -> dict[str, Node]:
        items = self._value.get(name) or {}
        self._enter(self.path(name))
        return {key: self._node(item, f"{self.path(name)}/{key}") for key, item in items.items()}

    def _node(self, value: Mapping[str, Any] | None, pointer: str) -> Node:
        self._enter(pointer)
        return Node(value, pointer, self._read)

    def _enter(self, pointer: str) -> None:
        """An object that was asked for is honoured even if it is empty; its members are not yet."""
        self._read.add(f"{pointer}/")

    def skip(self, *names: str) -> None:
        """Mark members as rightly without effect here."""
        for name in names:
            self._read.add(self.path(name))

    def unread(self) -> Iterator[tuple[str, Any]]:
        """Pointer and value of every leaf, or empty object, that no getter asked for."""
        yield from self._unread(self._value, self.pointer)

    def _unread(self, value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
        if pointer in self._read or value is None:
            return
        if isinstance(value, Mapping):
            if not value and f"{pointer}/" not in self._read:
                yield pointer, value
            for name, item in value.items():
                yield from self._unread(item, f"{pointer}/{name}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._unread(item, f"{pointer}/{index}")
        else:
            yield pointer, value
