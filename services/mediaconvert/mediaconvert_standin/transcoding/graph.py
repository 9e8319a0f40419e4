"""Filter chains of many outputs → one ffmpeg filter graph that does shared work once."""

from __future__ import annotations

from collections.abc import Sequence

from mediaconvert_standin.transcoding.overlays import Overlay

Step = str | Overlay
Chain = tuple[Step, ...]


def build_graph(chains: Sequence[Chain], source: str, *, sound: bool = False) -> tuple[list[str], list[str]]:
    """Statements for ``-filter_complex`` and the label of each chain's end. Labels are unique per source.

    Filters that chains have in common from their start are applied before the split, so a rung of
    the ladder costs only its own scaling.
    """
    name = source.replace(":", "_")
    tree = _Tree(chains, "asplit" if sound else "split", f"from{name}", [f"to{name}_{i}" for i in range(len(chains))])
    tree.branch(list(range(len(chains))), 0, source)
    return tree.statements, tree.ends


class _Tree:
    def __init__(self, chains: Sequence[Chain], splitter: str, prefix: str, ends: list[str]) -> None:
        self.statements: list[str] = []
        self.ends = ends
        self._chains = chains
        self._splitter = splitter
        self._prefix = prefix

    def branch(self, members: list[int], depth: int, label: str) -> None:
        if len(members) == 1:
            rest = self._chains[members[0]][depth:]
            self.statements.append(_statement(label, rest or (self._null,), [self.ends[members[0]]]))
            return
        shared = _shared(self._chains, members, depth)
        groups = _groups(self._chains, members, depth + len(shared))
        forks = [f"{self._prefix}_{len(self.statements)}_{index}" for index in range(len(groups))]
        self.statements.append(_statement(label, (*shared, f"{self._splitter}={len(groups)}"), forks))
        for fork, group in zip(forks, groups, strict=True):
            self.branch(group, depth + len(shared), fork)

    @property
    def _null(self) -> str:
        return "anull" if self._splitter == "asplit" else "null"


def _shared(chains: Sequence[Chain], members: list[int], depth: int) -> Chain:
    shared: list[Step] = []
    for filters in zip(*(chains[member][depth:] for member in members), strict=False):
        if len(set(filters)) > 1:
            break
        shared.append(filters[0])
    return tuple(shared)


def _groups(chains: Sequence[Chain], members: list[int], depth: int) -> list[list[int]]:
    """Members by their next filter, in order; a chain that ends here is a group of its own."""
    by_filter: dict[Step, list[int]] = {}
    for member in members:
        ended = len(chains[member]) <= depth
        by_filter.setdefault(f"end {member}" if ended else chains[member][depth], []).append(member)
    return list(by_filter.values())


def _statement(source: str, filters: Chain, outputs: list[str]) -> str:
    """An overlay has a second input, so it brings statements of its own; the first output's name makes it unique."""
    words = [
        step.statement(f"{outputs[0]}_{place}") if isinstance(step, Overlay) else step
        for place, step in enumerate(filters)
    ]
    return f"[{source}]{','.join(words)}[{']['.join(outputs)}]"
