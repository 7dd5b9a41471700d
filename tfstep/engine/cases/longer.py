"""The same steps over a sequence that is longer by some: a pass of generating with a cache, after the one before.

Two plans that were recorded one after the other say which shapes and numbers of attributes grow, and by how much. What
follows is computed by the same steps, without being recorded: of what no new number reaches the arrays are shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep import work
from tfstep.engine.accel import switched_on
from tfstep.engine.accel.memory import LARGE, Fresh
from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.arrays.half import rounded
from tfstep.engine.arrays.products import on_one_thread
from tfstep.engine.axis import Shape, Spec
from tfstep.engine.computation import Computation
from tfstep.engine.node import Node
from tfstep.engine.plan import Plan
from tfstep.engine.program import Run, compiled, kernel_of, small

Given = Mapping[str, np.ndarray]  # by path: the leaves that are others in each pass


class Growth(Struct, frozen=True, eq=False):
    """By how much the shape of a step and its attributes grow for each word more."""

    shape: Shape
    attrs: dict[str, int]


class Again(Struct, eq=False):
    """A step that is bound to each size: its place among the steps, itself, and what binds it where that is simple."""

    place: int
    node: Node
    grows: Growth
    bind: Callable[[Shape], Run] | None


class Longer(Struct, eq=False, dict=True):
    """A plan with its numbers, and what is otherwise in a pass over more words."""

    plan: Plan
    values: list[Any]  # by slot; None for what each pass has its own of
    given: dict[str, int]  # the slots of the leaves that each pass is given
    steps: list[int]
    growing: dict[int, Growth]
    again: list[Again]  # of the growing those that are bound to each size
    made: tuple[int | None, list[tuple[int, Run]]] = (None, [])  # for how many words more the last program is

    def run(self, more: int, given: Given) -> list[Any] | None:
        """The numbers of a pass over so many words more; None where it is given other leaves, so it has other steps."""
        if given.keys() != self.given.keys():
            return None
        values, nodes, flag = list(self.values), self.plan.nodes, work.present()
        for path, slot in self.given.items():
            values[slot] = _kept(nodes[slot], given[path])
        if self.made[0] != more:
            self.made = more, self._program(more)
        program = self.made[1]
        with np.errstate(all="ignore"), on_one_thread():  # asked once, and not by each product
            for k, (slot, run) in enumerate(program):
                if flag is not None:
                    flag.at_step(k, len(program))
                values[slot] = run(values)
        return values

    def holds(self, plan: Plan, more: int, values: list[Any]) -> bool:
        """Whether the plan of that pass, now recorded, is what its numbers were computed by."""
        return len(plan.nodes) == len(self.plan.nodes) and all(
            _alike(node, self._node(mine, more))
            and values[node.slot].shape == node.shape
            and (node.slot not in plan.leaves or same_bits(plan.leaves[node.slot], values[node.slot]))
            for node, mine in zip(plan.nodes, self.plan.nodes, strict=True)
        )

    def _program(self, more: int) -> list[tuple[int, Run]]:
        """The steps as they are computed: bound anew where a kernel writes a larger result, or an attribute grows."""
        program, memory, kernels = list(self.usual), Fresh(), switched_on()
        for each in self.again:
            node = each.node
            shape = tuple([n + more * by for n, by in zip(node.spec.shape, each.grows.shape, strict=True)])
            if each.bind is not None and kernels and math.prod(shape) * node.spec.dtype.itemsize < LARGE:
                run = each.bind(shape)
            else:
                spec, attrs = _grown(node, each.grows, more)
                run = compiled(replace(node, spec=spec, attrs=attrs), memory, kernels)
            program[each.place] = (node.slot, run)
        return program

    @cached_property
    def usual(self) -> list[tuple[int, Run]]:
        """The steps as they are computed in this plan's own pass."""
        return [(slot, self.plan.runs[slot]) for slot in self.steps]

    def _node(self, node: Node, more: int) -> Node:
        """A step as it is in a pass over so many words more; the words along its axes stay those of this plan."""
        grows = self.growing.get(node.slot)
        if grows is None:
            return node
        spec, attrs = _grown(node, grows, more)
        return replace(node, spec=spec, attrs=attrs)


def _grown(node: Node, grows: Growth, more: int) -> tuple[Spec, dict[str, Any]]:
    shape = tuple(n + more * each for n, each in zip(node.spec.shape, grows.shape, strict=True))
    attrs = node.attrs
    if grows.attrs:
        attrs = {**attrs, **{name: attrs[name] + more * each for name, each in grows.attrs.items()}}
    return Spec(shape, node.spec.dtype, node.spec.axes), attrs


def longer(first: Plan, second: Computation, given: Given) -> Longer | None:
    """What follows a pass (``second``, over one word more than ``first``) whose leaves ``given`` are others each time.

    None where it cannot be told: the two differ by more than sizes, other leaves than these differ, or numbers say which
    steps there are.
    """
    plan, growing = second.plan, dict[int, Growth]()
    if len(first.nodes) != len(plan.nodes) or plan.decided or plan.later or plan.kept is not None:
        return None
    leaves = {path: plan.paths[path].slot for path in given if path in plan.paths}
    if len(leaves) != len(given):
        return None
    if not all(same_bits(plan.leaves[slot], _kept(plan.nodes[slot], given[path])) for path, slot in leaves.items()):
        return None
    for was, node in zip(first.nodes, plan.nodes, strict=True):
        shape = tuple(n - m for n, m in zip(node.shape, was.shape, strict=False))
        attrs = {name: node.attrs[name] - n for name, n in was.attrs.items() if _counts(n, node.attrs.get(name))}
        grows = Growth(shape, {name: by for name, by in attrs.items() if by})
        if (len(node.shape), node.dtype) != (len(was.shape), was.dtype) or not _alike(
            node, replace(was, spec=node.spec, attrs={**was.attrs, **{name: node.attrs[name] for name in grows.attrs}})
        ):
            return None
        if any(shape) or grows.attrs:
            growing[node.slot] = grows
        if node.op is None and node.path not in given:
            mine = first.leaves.get(was.slot), plan.leaves.get(node.slot)
            if any(shape) or (mine[0] is None) != (mine[1] is None):
                return None
            if mine[0] is not None and mine[1] is not None and not same_bits(mine[0], mine[1]):
                return None
    own = {*plan.downstream(set(leaves.values())), *growing} - set(leaves.values())
    steps = [node.slot for node in plan.computed if node.slot in own]
    shared = [None if slot in own else second.value(slot) for slot in range(len(plan.nodes))]
    again = []
    for place, node in enumerate(plan.nodes[slot] for slot in steps):
        kernel = kernel_of(node)
        if node.slot in growing and (growing[node.slot].attrs or kernel is not None):
            simple = kernel is not None and not growing[node.slot].attrs and not node.rounds
            again.append(Again(place, node, growing[node.slot], small(node, kernel) if simple and kernel else None))
    return Longer(plan, shared, leaves, steps, growing, again)


def _kept(leaf: Node, value: np.ndarray) -> np.ndarray:
    """The numbers of a leaf in the precision of its pass."""
    return rounded(value, leaf.rounds) if leaf.rounds else value


def _counts(before: object, after: object) -> bool:
    """Whether both are whole numbers."""
    return type(before) is int and type(after) is int


def _alike(a: Node, b: Node) -> bool:
    """Whether two nodes are the same step or leaf: the words along the axes may be others."""
    return (
        (a.path, a.kind, a.op, a.inputs, a.phase, a.vjp_of, a.role, a.rounds)
        == (b.path, b.kind, b.op, b.inputs, b.phase, b.vjp_of, b.role, b.rounds)
        and (a.shape, a.dtype) == (b.shape, b.dtype)
        and a.attrs.keys() == b.attrs.keys()
        and all(_equal(x, b.attrs[name]) for name, x in a.attrs.items())
    )


def _equal(x: object, y: object) -> bool:
    """Whether two attributes are equal; of arrays, whether they are the same."""
    return x is y or (not isinstance(x, np.ndarray) and bool(x == y))
