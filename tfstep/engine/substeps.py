"""Stepping in: the inside of a step is the op's own body, run again with recording on.

A pinned step has one more inner step, ``where(pinned, value, computed)``; a gradient through it is
computed from what it would have been, and is 0 through the pinned cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Spec, spec_of
from tfstep.engine.node import Literal, Node
from tfstep.engine.op import Vjp
from tfstep.engine.plan import Plan
from tfstep.engine.tape import OPERATORS, Tape, Traced, named


class Pin(Struct, frozen=True, eq=False):
    """Cells of a step that are held: ``value`` where ``mask``, what was computed elsewhere."""

    mask: np.ndarray
    value: np.ndarray


class Computed(Struct, frozen=True):
    """What a pinned step would have been: ``computed`` inside the step in this slot."""

    slot: int


def unfold(plan: Plan, pins: Mapping[int, Pin], node: Node) -> tuple[Plan, tuple[int | Computed, ...]] | None:
    """The plan of what goes on inside a step, and the slots that its inputs are. None for a bare primitive."""
    if node.op is None:
        return None
    pin = pins.get(node.slot)
    through = pins.get(node.vjp_of) if node.vjp_of is not None else None
    if pin is None and through is None:
        if node.op.primitive:
            return None
        if node.slot not in plan.substeps:
            tape = Tape()
            tape.phase = node.phase
            out = _rounded(_recorded(node.op.forward(*_inputs(tape, plan, node), **node.attrs)), node)
            plan.substeps[node.slot] = tape.plan(out)
        inner: Plan = plan.substeps[node.slot]
        return inner, node.slots
    tape, sources = Tape(), list[int | Computed](node.slots)
    tape.phase = node.phase
    inputs = _inputs(tape, plan, node)
    if through is not None and isinstance(node.op, Vjp):
        inputs = _through(tape, node, through, inputs, sources)
    body = node.op if node.op.primitive else node.op.forward
    out = body(*inputs, **node.attrs) if inputs else tape.record(node.op, (), node.attrs, node.spec)
    if pin is not None:
        out = named("computed", _rounded(_unnamed(out), node))
        out = OPERATORS["choose"](_leaf(tape, "pinned", pin.mask), _leaf(tape, "value", pin.value), out)
    return tape.plan(_rounded(out, node)), tuple(sources)


def _inputs(tape: Tape, plan: Plan, node: Node) -> list[Any]:
    specs: list[Spec | Literal] = [s if isinstance(s, Literal) else plan.nodes[s].spec for s in node.inputs]
    return [tape.stand_in(spec) for spec in specs]


def _through(tape: Tape, node: Node, pin: Pin, inputs: list[Any], sources: list[int | Computed]) -> list[Any]:
    """The inputs of a VJP through a pinned step: y as it was computed, and g without the pinned cells."""
    assert isinstance(node.op, Vjp)
    assert node.vjp_of is not None
    swapped = list(inputs)
    for k, read in enumerate(node.op.reads):
        if read == 1:  # y: the number of this input among the sources is its place among the tensors
            sources[k] = Computed(node.vjp_of)
        if read == 0:
            mask = _leaf(tape, "pinned", pin.mask)
            swapped[k] = named("unpinned", OPERATORS["choose"](mask, 0.0, inputs[k]))
    return swapped


def _leaf(tape: Tape, name: str, value: np.ndarray) -> Traced:
    return tape.leaf(name, "constant", spec_of(value), value)


def _recorded(out: Traced) -> Traced:
    """The result as a step of its own, also where the body hands an input on."""
    if out.tape.nodes[out.slot].op is not None:
        return out
    same: Traced = OPERATORS["hand on"](out)
    return same


def _rounded(out: Traced, node: Node) -> Traced:
    """The last inner step, rounded as the step is that it is inside of."""
    out.tape.nodes[out.slot].rounds = node.rounds
    return out


def _unnamed(out: Traced) -> Traced:
    """The result as a step that can still be given a name: a body may have named its own."""
    if out.tape.nodes[out.slot].op is not None and not out.tape.nodes[out.slot].path:
        return out
    same: Traced = OPERATORS["hand on"](out)
    return same
