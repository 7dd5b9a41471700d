"""Which tensors a pattern names: ``*`` stands for any characters, dots included.

Gradients, new values and what is inside a step match only where the pattern spells them: ``*.grad``,
``*.W_Q.new``, ``*.weights/*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tfstep.address.roles import INNER, MARKS
from tfstep.address.wildcard import matcher
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.errors import PathError
from tfstep.session.address.patterns import unmatched
from tfstep.text import Bilingual

Key = tuple[int, ...]  # where a tensor stands: its slot, then the slots of its place inside steps


def select(trace: Trace, patterns: Sequence[str]) -> list[Tensor]:
    """The tensors that any of the patterns names, in the order of the timeline, each once.

    Raises PathError where a pattern names none.
    """
    found: dict[Key, Tensor] = {}
    for pattern in patterns:
        named = _named(trace, pattern) or _exact(trace, pattern)
        found.update(named)
    return [found[key] for key in sorted(found)]


def paths(trace: Trace, pattern: str) -> list[str]:
    """The paths that a pattern names, in the order of the timeline; none where nothing matches."""
    found = _named(trace, pattern)
    return [found[key].path for key in sorted(found)]


def forward(trace: Trace) -> list[Tensor]:
    """The forward pass: its inputs, parameters, constants and steps; not what an optimizer remembers."""
    last = max(node.slot for node in trace.plan.steps if node.phase == "forward")
    return [tensor for tensor in select(trace, ["*"]) if tensor.node.slot <= last]


def _named(trace: Trace, pattern: str) -> dict[Key, Tensor]:
    """What a pattern names in a trace or an inside, and inside its steps."""
    found: dict[Key, Tensor] = {}
    for node in matching(trace.plan.nodes, pattern):
        found[node.slot,] = trace[node.path]
    for slash in (m.start() for m in re.finditer("/", pattern)):
        for node in matching(trace.plan.steps, pattern[:slash]):
            inside = trace.substeps(node.slot)
            if inside is not None:
                inner = _named(inside, pattern[slash + 1 :])
                found.update({(node.slot, *key): trace[f"{node.path}/{_local(inside, t)}"] for key, t in inner.items()})
    return found


def _local(inside: Trace, tensor: Tensor) -> str:
    """The path of a tensor as its step calls it."""
    return tensor.path.removeprefix(inside.prefix)


def matching(nodes: Iterable[Node], pattern: str) -> list[Node]:
    """The nodes whose path the pattern spells."""
    spelled = [mark for mark in MARKS if mark in pattern]
    matches = matcher(pattern)
    return [node for node in nodes if node.path[:1] != "#" and matches(node.path) and _is_spelled(node, spelled)]


def _is_spelled(node: Node, spelled: list[str]) -> bool:
    return all(mark in spelled for mark in (node.role.mark, INNER if INNER in node.path else "") if mark)


def _exact(trace: Trace, pattern: str) -> dict[Key, Tensor]:
    """A tensor under another of its names. Raises PathError, which says why there is none."""
    if "*" not in pattern:
        tensor = trace[pattern]
        return {(tensor.node.slot,): tensor}
    matches = matcher(pattern)
    for path, key in trace.plan.switched_off():
        if not matches(path):
            continue
        raise PathError(
            Bilingual(
                "{pattern}: this scenario switches {path} off with `{key}`",
                "{pattern}：本场景用 `{key}` 把 {path} 关掉了",
                pattern=pattern,
                path=path,
                key=key,
            )
        )
    raise unmatched(trace, pattern)
