"""Where a NaN or an infinity comes from: the first step that makes one out of finite numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.session.state import State


MOST = 2_000_000  # numbers that are looked at unasked


def bad(values: np.ndarray) -> bool:
    """Whether a NaN or +inf is in it; −inf is what masks write."""
    return values.dtype.kind == "f" and not bool(np.all(values < np.inf))


def origin(trace: Trace, until: Node) -> tuple[Trace, Node] | None:
    """The first tensor with a NaN or +inf that ``until`` was computed from; None where it has none itself.

    From inside a step the search goes on outside, in the tensors that the step reads.
    """
    if not bad(trace.value(until.slot)):
        return None
    while True:
        for slot in sorted(until.slots):
            if bad(trace.value(slot)):
                until = trace.plan.nodes[slot]
                break
        else:
            if until.op is not None or until.slot >= len(trace.sources):
                return trace, until
            source = trace.sources[until.slot]
            trace, until = source.trace, source.trace.plan.nodes[source.slot]


def broken_here(state: State) -> Bilingual | None:
    """A sentence on the origin of the NaN or infinity at the current step, if it has one."""
    tensor = state.current
    if not bad(tensor.value):
        return None
    found = origin(tensor.trace, tensor.node)
    if found is None:
        return None
    path = found[0].prefix + found[1].path
    if found[1] is tensor.node:
        return Bilingual(
            "NaN or +inf arises here: what this step reads has none; `step` shows where inside",
            "NaN 或 +inf 在这一步产生：它读取的数里都没有；`step` 可看内部何处",
        )
    return Bilingual(
        "NaN or +inf; the first one is in {path} (`goto {path}`)",
        "NaN 或 +inf；最早出现在 {path}（`goto {path}`）",
        path=path,
    )


def broken_since(state: State, before: Trace, start: int, losses: np.ndarray) -> Bilingual | None:
    """Since when the numbers of a training are broken: from its start, or from which update on. ``losses`` are those
    before each update, and the last one."""
    broken = np.flatnonzero(~(losses < np.inf))
    if not broken.size:
        return first_broken(state)
    first = int(broken[0])
    if first:
        return Bilingual(
            "the loss is {value} since update {update}; `goto update {last}` goes back to the last number",
            "自第 {update} 次更新起损失为 {value}；`goto update {last}` 回到最后还是数的那次",
            value=float(losses[first]),
            update=start + first,
            last=start + first - 1,
        )
    node = before.plan.paths.get("loss")
    found = None if node is None else origin(before, node)
    if found is None:
        return first_broken(state)
    reached = any(bad(state.trace.value(node.slot)) for node in state.trace.plan.nodes if node.kind == "parameter")
    return Bilingual(
        "the loss was {value} before this: it began in {path}, {spread}",
        "此前损失就是 {value}：源头在 {path}，{spread}",
        value=float(losses[0]),
        path=found[1].path,
        spread=Bilingual("and an update hands it on to the parameters", "更新把它传给了参数")
        if reached
        else Bilingual(
            "`why {path}` says how; no parameter has it", "`why {path}` 说明原因；参数里还没有", path=found[1].path
        ),
    )


def first_broken(state: State) -> Bilingual | None:
    """Where the numbers are broken, once a change has made them so: in the loss, else in the first step that is."""
    node = state.trace.plan.paths.get("loss")
    if node is not None and not state.trace.stale(node.slot):
        found = origin(state.trace, node)
        if found is not None:
            return Bilingual(
                "the loss is {value}; it begins in {path} (`goto {path}`)",
                "损失为 {value}；源头在 {path}（`goto {path}`）",
                value=float(state.trace.value(node.slot)),
                path=found[1].path,
            )
    return broken_between(state, 1, state.steps_total)


def broken_between(state: State, first: int, last: int) -> Bilingual | None:
    """The first of some steps in which a NaN or +inf arises; what waits to be computed is not computed for this."""
    left = MOST
    for node in state.trace.plan.steps[first - 1 : last]:
        left -= node.spec.size
        if left < 0:
            return None
        found = None if state.trace.stale(node.slot) else origin(state.trace, node)
        if found is not None:
            path = found[0].prefix + found[1].path
            return Bilingual(
                "NaN or +inf arises in {path} (`goto {path}`)", "{path} 中出现 NaN 或 +inf（`goto {path}`）", path=path
            )
    return None
