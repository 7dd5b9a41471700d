"""Every softmax of a run, wherever it stands, and what leaves its rows no key."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from tfstep.engine.node import Node
from tfstep.engine.trace import Trace
from tfstep.expr.formula import Formula


class Softmax(Struct, frozen=True):
    """One softmax: the trace that it is a node of, and the step of the run that it is, or that it is inside of."""

    trace: Trace
    node: Node
    step: Node
    weights: np.ndarray


def softmaxes(trace: Trace) -> Iterator[Softmax]:
    """Those of the forward pass in order: steps of their own, and those in an author's equations."""
    for step in trace.plan.steps:
        if step.phase != "forward":
            continue
        if _is_softmax(step):
            yield Softmax(trace, step, step, trace.value(step.slot))
        elif isinstance(step.op, Formula) and any(each.op.name == "softmax" for each in step.op.program.steps):
            inside, program = trace.substeps(step.slot), step.op.program
            assert inside is not None
            last = program.steps[program.result - program.args]
            whole = last.op.name == "softmax"  # its numbers, pinned ones too, are those of the step
            found = [node for node in inside.plan.steps if _is_softmax(node)]
            for node in found:
                holder, slot = (trace, step.slot) if whole and node is found[-1] else (inside, node.slot)
                yield Softmax(inside, node, step, holder.value(slot))
            trace.close(step.slot)


def _is_softmax(node: Node) -> bool:
    return node.op is not None and node.op.name == "softmax"


def all_banned(trace: Trace, softmax: Node) -> np.ndarray:
    """For every row of a softmax whether all its scores are −inf; all False for another step."""
    if not _is_softmax(softmax):
        return np.zeros(1, bool)
    return np.asarray(np.isneginf(trace.value(softmax.slots[0])).all(-1))


def without_keys(trace: Trace, softmax: Node) -> np.ndarray:
    """For every row of a softmax whether the mask fills all of it with −inf; all False for another step."""
    gone = all_banned(trace, softmax)
    masked = trace.plan.nodes[softmax.slots[0]] if softmax.slots else softmax
    if not gone.any() or masked.op is None or masked.op.name != "mask_fill" or masked.slot in trace.pins:
        return np.zeros_like(gone)
    filled = np.broadcast_to(trace.value(masked.slots[1]) != 0, masked.shape)
    return np.asarray(gone & filled.all(-1))


def emptied_by(trace: Trace, softmax: Node) -> tuple[str, ...]:
    """The pinned tensors without which fewer rows of a softmax would be all −inf; all of them where each alone is
    enough."""
    gone = all_banned(trace, softmax)
    if not gone.any():
        return ()
    paths = [trace.plan.nodes[s].path for s in trace.plan.upstream(softmax.slots[0]) if s in trace.pins]
    alone = tuple(path for path in paths if (gone & ~all_banned(trace.release(path), softmax)).any())
    if alone or not paths:
        return alone
    return tuple(paths) if (gone & ~all_banned(trace.release(*paths), softmax)).any() else ()
