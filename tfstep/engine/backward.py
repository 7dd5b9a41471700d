"""The backward pass, recorded like any other steps: one step a use of a tensor, and their sum.

Reverse-mode differentiation (Linnainmaa 1970; Rumelhart, Hinton & Williams 1986): walking the steps
that lead to the loss in reverse, each hands the gradient of its result on to its inputs.
"""

from __future__ import annotations

from typing import Any

from tfstep.engine.axis import Spec
from tfstep.engine.node import Literal, Node, Role
from tfstep.engine.op import Op, Vjp
from tfstep.engine.tape import Tape, Traced, once


def backward(tape: Tape, loss: Traced, seed: Op, accumulate: Op) -> dict[str, Traced]:
    """Record ∂loss/∂P for every tensor P that a path leads from to the loss; returns them by path.

    ``seed`` makes the first gradient (1), ``accumulate`` adds the gradients of several uses.
    Constants get none. ``P.grad`` is recorded directly where P has one use; else each use is a step
    ``P.grad/CONSUMER`` and ``P.grad`` is their sum.
    """
    tape.phase = "backward"
    steps = [tape.nodes[s] for s in sorted(tape.reached_by(loss)) if tape.nodes[s].op is not None]
    uses = _uses(tape, steps)
    vjps: dict[Any, Vjp] = {}
    parts: dict[int, list[Traced]] = {}
    grads: dict[int, Traced] = {}
    first = _as(tape, tape.record(seed, (), {"dtype": str(loss.dtype)}, loss.spec), tape.nodes[loss.slot])
    tape.belongs(first, Role("gradient", loss.slot))
    grads[loss.slot] = first
    for node in reversed(steps):
        if node.slot not in grads:
            continue
        for index, s in enumerate(node.inputs):
            if (node.slot, index) not in uses.get(s, ()) or not isinstance(s, int):
                continue
            target = tape.nodes[s]
            only = len(uses[s]) == 1
            part = _through(tape, vjps, node, index, grads[node.slot], target)
            tape.belongs(part, Role("gradient", s) if only else Role("share", s, node.slot))
            parts.setdefault(s, []).append(part)
            if len(parts[s]) == len(uses[s]):
                if only:
                    grads[s] = part
                else:
                    grads[s] = _as(tape, tape.record(accumulate, parts[s], {}, target.spec), target)
                    tape.belongs(grads[s], Role("gradient", s))
    return {tape.nodes[s].path: grad for s, grad in grads.items()}


def _uses(tape: Tape, steps: list[Node]) -> dict[int | Literal, set[tuple[int, int]]]:
    """For each tensor the (consumer, argument) pairs through which a gradient comes back to it."""
    uses: dict[int | Literal, set[tuple[int, int]]] = {}
    last = steps[-1].slot
    for node in reversed(steps):
        if node.slot != last and node.slot not in uses:
            continue  # no gradient reaches this step
        for index, s in enumerate(node.inputs):
            if isinstance(s, int) and _wants(tape.nodes[s]) and node.op is not None and node.op.vjp(index) is not None:
                uses.setdefault(s, set()).add((node.slot, index))
    return uses


def _wants(node: Node) -> bool:
    return node.spec.dtype.kind == "f" and node.kind != "constant"


def _as(tape: Tape, gradient: Traced, target: Node) -> Traced:
    """A gradient in the precision of what it is the gradient of."""
    tape.nodes[gradient.slot].rounds = target.rounds
    return gradient


def _through(tape: Tape, vjps: dict[Any, Vjp], node: Node, index: int, g: Traced, target: Node) -> Traced:
    """Record the VJP of one argument of one step."""
    y = Traced(tape, node.slot, node.spec)
    inputs: list[Any] = [s if isinstance(s, Literal) else Traced(tape, s, tape.nodes[s].spec) for s in node.inputs]
    every = (g, y, *inputs)
    vjp = _vjp(vjps, node, index, [a if isinstance(a, Literal) else a.spec for a in every])
    result = _as(tape, tape.record(vjp, [every[k] for k in vjp.reads], node.attrs, target.spec), target)
    tape.nodes[result.slot].vjp_of = node.slot
    return result


def _vjp(vjps: dict[Any, Vjp], node: Node, index: int, specs: list[Spec | Literal]) -> Vjp:
    """The VJP of one argument of an op: one for all steps of equal shapes and attributes, as those of a stack are."""
    op = node.op
    assert op is not None
    sizes = tuple((s.shape, s.dtype) if isinstance(s, Spec) else repr(s) for s in specs)
    return once(vjps, (op, index, sizes, *node.attrs.items()), lambda: Vjp(op, index, specs, node.attrs))
