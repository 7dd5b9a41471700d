"""The update of many small parameters at once: steps that do the same to each, cell by cell, on all numbers end to end.

A step that makes each cell of its result from the same cells of its operands, by arithmetic that is rounded correctly,
gives a cell the same bits wherever it stands. So one call does what a call for each parameter does, and the parts of its
result are the results of the steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec import Struct

from tfstep.engine.node import Literal, Node
from tfstep.engine.plan import Plan
from tfstep.engine.substeps import unfold

SMALL = 1 << 12  # cells of a parameter: of a larger one a call costs nothing beside them


class Group(Struct, frozen=True, eq=False):
    """Steps of one op: their operands, for each either one for all (a slot of a scalar, a number) or one for each step,
    and which cells of the whole result are those of each step."""

    steps: tuple[Node, ...]
    operands: tuple[int | float | tuple[int, ...], ...]
    cuts: tuple[slice, ...]


def groups(plan: Plan) -> list[Group]:
    """The groups of a plan's update, in an order in which each finds its operands."""
    found: list[Group] = []
    together: set[int] = set()
    later: set[int] = set()  # what waits for a group
    for group in _groups(plan):
        reads = {slot for node in group.steps for slot in node.slots}
        if reads.isdisjoint(later - together):
            found.append(group)
            own = {node.slot for node in group.steps}
            together |= own
            later |= own.union(plan.downstream(own))
    return found


def _groups(plan: Plan) -> Iterator[Group]:
    """Steps of the update that do the same."""
    found: dict[object, list[Node]] = {}
    level: dict[int, int] = {}
    for node in plan.steps:
        if node.phase != "update" or node.rounds or not node.shape or node.spec.size > SMALL:
            continue
        level[node.slot] = 1 + max((level.get(slot, 0) for slot in node.slots), default=0)
        key = (level[node.slot], node.op, repr(node.attrs), node.dtype, *(_kind(plan, node, s) for s in node.inputs))
        found.setdefault(key, []).append(node)
    for steps in sorted(found.values(), key=lambda steps: level[steps[0].slot]):
        if len(steps) > 1 and _by_cell(plan, steps[0]):
            columns = zip(*(node.inputs for node in steps), strict=True)
            operands = tuple(_operand(plan, steps[0], column) for column in columns)
            ends = itertools.accumulate((node.spec.size for node in steps), initial=0)
            yield Group(tuple(steps), operands, tuple(slice(a, b) for a, b in itertools.pairwise(ends)))


def _kind(plan: Plan, node: Node, given: int | Literal) -> object:
    """What an operand is to its step: one of its own, or which one it shares with others."""
    if isinstance(given, Literal):
        return given.value
    own = plan.nodes[given]
    return ("own", own.dtype) if own.shape == node.shape else (own.shape, given)


def _operand(plan: Plan, node: Node, column: tuple[int | Literal, ...]) -> int | float | tuple[int, ...]:
    first = column[0]
    if isinstance(first, Literal):
        return float(first.value)
    if plan.nodes[first].shape == node.shape:
        return tuple(slot for slot in column if isinstance(slot, int))
    return first


def _by_cell(plan: Plan, node: Node) -> bool:
    """Whether a step makes every cell from the same cells of its operands, and from scalars."""
    shapes = {plan.nodes[slot].shape for slot in node.slots} - {()}
    unfolded = unfold(plan, {}, node)
    if shapes != {node.shape} or unfolded is None:
        return False
    inner = unfolded[0].steps
    return all(
        each.shape == () or (each.shape == node.shape and each.op is not None and each.op.exact) for each in inner
    )
