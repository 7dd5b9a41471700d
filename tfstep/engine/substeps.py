"""Stepping in: the inside of a step is the op's own body, run again with recording on.

A pinned step has one more inner step, ``where(pinned, value, computed)``; a gradient through it is
computed from what it would have been, and is 0 through the pinned cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Spec, spec_of
from tfstep.engine.op import Vjp
from tfstep.engine.plan import Literal, Node, Plan
from tfstep.engine.tape import OPERATORS, Tape, Traced, named

if TYPE_CHECKING:
    from tfstep.engine.trace import Pin, Trace


class Source(Struct, frozen=True, eq=False):
    """Which tensor an input of an inside is."""

    trace: Trace
    slot: int


def unfold(trace: Trace, node: Node) -> tuple[Plan, tuple[Source, ...]] | None:
    """The plan of what goes on inside a step, and what its inputs are. None for a bare primitive."""
    if node.op is None:
        return None
    pin = trace.pins.get(node.slot)
    through = trace.pins.get(node.of) if node.of is not None else None
    if pin is None and through is None:
        if node.op.primitive:
            return None
        if node.slot not in trace.plan.insides:
            tape = Tape()
            tape.phase = node.phase
            out = _recorded(node.op.forward(*_inputs(tape, trace, node), **node.attrs))
            trace.plan.insides[node.slot] = tape.plan(out)
        plan: Plan = trace.plan.insides[node.slot]
        return plan, tuple(Source(trace, s) for s in node.slots)
    tape, sources = Tape(), [Source(trace, s) for s in node.slots]
    tape.phase = node.phase
    inputs = _inputs(tape, trace, node)
    if through is not None and isinstance(node.op, Vjp):
        inputs = _through(tape, trace, node, through, inputs, sources)
    body = node.op if node.op.primitive else node.op.forward
    out = body(*inputs, **node.attrs) if inputs else tape.record(node.op, (), node.attrs, node.spec)
    if pin is not None:
        out = named("computed", _unnamed(out))
        out = OPERATORS["where"](_leaf(tape, "pinned", pin.mask), _leaf(tape, "value", pin.value), out)
    return tape.plan(out), tuple(sources)


def _inputs(tape: Tape, trace: Trace, node: Node) -> list[Any]:
    specs: list[Spec | Literal] = [s if isinstance(s, Literal) else trace.plan.nodes[s].spec for s in node.inputs]
    return [tape.stand_in(spec) for spec in specs]


def _through(tape: Tape, trace: Trace, node: Node, pin: Pin, inputs: list[Any], sources: list[Source]) -> list[Any]:
    """The inputs of a VJP through a pinned step: y as it was computed, and g without the pinned cells."""
    assert isinstance(node.op, Vjp)
    assert node.of is not None
    swapped = list(inputs)
    inside = trace.inside(node.of)
    assert inside is not None
    for k, read in enumerate(node.op.reads):
        if read == 1:  # y: the number of this input among the sources is its place among the tensors
            sources[k] = Source(inside, inside.plan.paths["computed"].slot)
        if read == 0:
            mask = _leaf(tape, "pinned", pin.mask)
            swapped[k] = named("unpinned", OPERATORS["where"](mask, 0.0, inputs[k]))
    return swapped


def _leaf(tape: Tape, name: str, value: np.ndarray) -> Traced:
    return tape.leaf(name, "constant", spec_of(value), value)


def _recorded(out: Traced) -> Traced:
    """The result as a step of its own, also where the body hands an input on."""
    if out.tape.nodes[out.slot].op is not None:
        return out
    same: Traced = OPERATORS["identity"](out)
    return same


def _unnamed(out: Traced) -> Traced:
    """The result as a step that can still be given a name: a body may have named its own."""
    if out.tape.nodes[out.slot].op is not None and not out.tape.nodes[out.slot].path:
        return out
    same: Traced = OPERATORS["identity"](out)
    return same
