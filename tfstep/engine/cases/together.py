"""Many cases of one computation at once: in each a tensor has other numbers, and what follows has an axis for the cases.

A composite is run as the steps inside it, a primitive by its rule (`Primitive.leading`), and what has none, or is so
large that there is nothing to be saved, one case after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.engine.arrays.half import rounded
from tfstep.engine.computation import Computation
from tfstep.engine.node import Literal, Node
from tfstep.engine.op import Primitive

TOGETHER = 1 << 18
"""Cells of one tensor in all cases, about, so that calls cost little beside them and a processor has them at hand."""
ALONE = 1 << 16
"""Cells of a tensor from which on its cases are computed one after the other, by kernels where there are any."""


class Moved(Struct, frozen=True, eq=False):
    """The numbers that a tensor has in some of the cases, along a first axis; in the others it has its own."""

    cases: slice | np.ndarray
    values: np.ndarray


def in_cases(of: Computation, cases: int, moved: Mapping[int, Moved], target: int) -> np.ndarray | None:
    """The numbers of a tensor of the forward pass in each of so many cases, along a first axis.

    ``moved`` says by slot which tensors have other numbers. None where none of these reaches ``target``.
    """
    nodes, known, flag = of.plan.nodes, dict[int, np.ndarray](), work.present()
    route = of.plan.upstream(target)
    last = {slot: s for s in route for slot in nodes[s].slots}
    with np.errstate(all="ignore"):
        for k, s in enumerate(route):
            value = None if known.keys().isdisjoint(nodes[s].slots) else _step(of, nodes[s], cases, known)
            if s in moved:
                own = of.value(s)[None].repeat(cases, axis=0) if value is None else value.copy()  # perhaps a view
                own[moved[s].cases] = moved[s].values
                value = own
            if value is None:
                continue
            if flag is not None:
                flag.at_step(k, len(route) if of.outer is None else 0)
            for slot in nodes[s].slots:
                if last[slot] == s:
                    known.pop(slot, None)
            known[s] = value
    return known.get(target)


def _step(of: Computation, node: Node, cases: int, known: Mapping[int, np.ndarray]) -> np.ndarray | None:
    """One step in each case; None where it is the same in all."""
    by = of.plan.decided.get(node.slot)
    if by is not None and by.by not in known and by.nothing(of.value(by.by)):
        return None
    if node.slot not in of.pins:
        if node.spec.size >= ALONE:
            return _one_by_one(of, node, cases, known)
        if isinstance(node.op, Primitive):
            return _primitive(of, node, node.op, cases, known)
    inside = of.substeps(node.slot)
    assert inside is not None
    every = {k: Moved(slice(None), known[each.slot]) for k, each in enumerate(inside.sources) if each.slot in known}
    return in_cases(inside, cases, every, inside.plan.result)


def _primitive(of: Computation, node: Node, op: Primitive, cases: int, known: Mapping[int, np.ndarray]) -> np.ndarray:
    """A primitive by its rule, where it has one."""
    if op.leading is None:
        return _one_by_one(of, node, cases, known)
    args = [s.value if isinstance(s, Literal) else known[s] if s in known else of.value(s) for s in node.inputs]
    ranks = [0 if isinstance(s, Literal) else of.plan.nodes[s].spec.ndim for s in node.inputs]
    value = np.asarray(op.leading(args, ranks, node.attrs))
    return rounded(value, node.rounds) if node.rounds else value


def _one_by_one(of: Computation, node: Node, cases: int, known: Mapping[int, np.ndarray]) -> np.ndarray:
    """One step as a trace computes it, case after case."""
    run, values = of.plan.runs[node.slot], list[Any](of.values)
    for slot in node.slots:
        values[slot] = of.value(slot)
    moved = [slot for slot in dict.fromkeys(node.slots) if slot in known]
    out = np.empty((cases, *node.shape), node.dtype)
    for k in range(cases):
        for slot in moved:
            values[slot] = known[slot][k]
        out[k] = run(values)
    return out
