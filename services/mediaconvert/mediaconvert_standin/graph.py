"""Filter chains of many outputs → one ffmpeg filter graph that does shared work once."""

from __future__ import annotations

from collections.abc import Sequence

Chain = tuple[str, ...]


def build_graph(chains: Sequence[Chain], source: str) -> tuple[str, list[str]]:
    """The ``-filter_complex`` text and the label of each chain's end.

    Filters that chains have in common from their start are applied before the split, so a rung of
    the ladder costs only its own scaling.
    """
    statements: list[str] = []
    ends = [f"v{index}" for index in range(len(chains))]
    _branch(chains, list(range(len(chains))), 0, source, ends, statements)
    return ";".join(statements), ends


def _branch(
    chains: Sequence[Chain], members: list[int], depth: int, label: str, ends: list[str], statements: list[str]
) -> None:
    if len(members) == 1:
        statements.append(_statement([label], chains[members[0]][depth:], [ends[members[0]]]))
        return
    shared = _shared(chains, members, depth)
    groups = _groups(chains, members, depth + len(shared))
    forks = [f"s{len(statements)}_{index}" for index in range(len(groups))]
    statements.append(_statement([label], (*shared, f"split={len(groups)}"), forks))
    for fork, group in zip(forks, groups, strict=True):
        _branch(chains, group, depth + len(shared), fork, ends, statements)


def _shared(chains: Sequence[Chain], members: list[int], depth: int) -> Chain:
    shared: list[str] = []
    for filters in zip(*(chains[member][depth:] for member in members), strict=False):
        if len(set(filters)) > 1:
            break
        shared.append(filters[0])
    return tuple(shared)


def _groups(chains: Sequence[Chain], members: list[int], depth: int) -> list[list[int]]:
    """Members by their next filter, in order; a chain that ends here is a group of its own."""
    by_filter: dict[str, list[int]] = {}
    for member in members:
        ended = len(chains[member]) <= depth
        by_filter.setdefault(f"end {member}" if ended else chains[member][depth], []).append(member)
    return list(by_filter.values())


def _statement(inputs: list[str], filters: Chain, outputs: list[str]) -> str:
    return f"[{']['.join(inputs)}]{','.join(filters) or 'null'}[{']['.join(outputs)}]"
