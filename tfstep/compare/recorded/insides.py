"""What happens inside our steps, found in theirs too: means, variances, exponentials."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from functools import partial

import numpy as np

from tfstep.compare.book import Book, Sizes
from tfstep.compare.tolerance import LARGE
from tfstep.compare.walk import Walk
from tfstep.engine.node import Literal, Node
from tfstep.engine.tape import Tape
from tfstep.engine.trace import Trace

MOST = 1 << 20


def inner(book: Book, walked: Walk, suspects: Iterable[Node] = ()) -> None:
    """Look for recorded arrays that are none of our steps inside of these; what is found is entered under ``PATH/INNER``.

    What comes after a step under suspicion has other numbers, and is left out.
    """
    beyond = {node.slot for node in suspects}
    orders = sorted(e.order for e in book.entries if e.number and not e.trivial and e.name not in walked.names)
    large = walked.plan.cells > LARGE
    walked.inside = []
    known = walked.names
    sizes = {e.array.size for e in book.entries if e.number and not e.trivial and e.name not in known}
    if not sizes:
        return
    for node in list(walked.plan.nodes):
        op = node.op
        if op is None or op.primitive or node.phase != "forward" or node.spec.size > MOST:
            continue
        if op.name in ("linear", "linear_no_bias") and walked.plan.nodes[node.slots[1]].spec.size > LARGE:
            continue
        if any(s in beyond for s in node.slots) or (large and not _between(walked, node, orders)):
            continue
        args = [walked.values[s] if isinstance(s, int) else s.value for s in node.inputs]
        if any(a is None for a in args):
            continue
        tape = Tape()
        specs = [s if isinstance(s, Literal) else walked.plan.nodes[s].spec for s in node.inputs]
        stand_ins = [tape.stand_in(s) for s in specs]
        plan = tape.plan(op.forward(*stand_ins, **node.attrs))
        if not any(n.spec.size in sizes for n in plan.steps):
            continue
        values = [a for a in args if isinstance(a, np.ndarray)]
        leaves = {n.slot: v for n, v in zip([n for n in plan.nodes if n.op is None], values, strict=False)}
        inside = Trace.start(plan, leaves).run()
        for step in plan.steps:
            y = np.asarray(inside.values[step.slot])
            if step.spec.size not in sizes or y.dtype.kind != "f" or step.slot == plan.result:
                continue
            there = [np.asarray(inside.values[s]) for s in step.slots]
            fresh = [hit for hit in book.find(step, y, there, Sizes(partial(_loose, y))) if hit.entry.name not in known]
            if fresh:
                walked.inside += [(f"{node.path}/{step.path}", hit) for hit in fresh]
                known |= {hit.entry.name for hit in fresh}


def _between(walked: Walk, node: Node, orders: list[int]) -> bool:
    """Whether any of these arrays was recorded after what a step reads and before what it gives."""
    after = max((hits[0].entry.order for s in node.slots if (hits := walked.found.get(s))), default=-1)
    hits = walked.found.get(node.slot)
    k = bisect(orders, after)
    return k < len(orders) and (not hits or orders[k] < max(hit.entry.order for hit in hits))


def _loose(y: np.ndarray) -> np.ndarray:
    size: np.ndarray = 8 * (np.abs(y) + np.abs(y).mean())
    return size
