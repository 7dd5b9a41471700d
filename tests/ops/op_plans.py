"""One call of an op as a timeline of its own: y = op(inputs), loss = Σ weight · y, and the gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from op_case import Case, Input, arguments, draw

from tfstep.engine.axis import spec_of
from tfstep.engine.backward import backward
from tfstep.engine.node import Literal, Node
from tfstep.engine.tape import Tape, Traced
from tfstep.engine.trace import Trace
from tfstep.ops.loss import total
from tfstep.ops.primitive.elementwise import mul
from tfstep.ops.primitive.shape import accumulate, seed


def weight(case: Case, dtype: str = "float64") -> np.ndarray:
    """The gradient that comes back to y."""
    return draw(f"weight {case.id}", *result(case).shape).astype(dtype)


def result(case: Case, inputs: tuple[Input, ...] | None = None) -> np.ndarray:
    """The op on arrays."""
    with np.errstate(all="ignore"):
        return np.asarray(case.op(*(case.inputs if inputs is None else inputs), **case.attrs))


def timeline(case: Case, call: Callable[..., Any] | None = None, inputs: tuple[Input, ...] | None = None) -> Trace:
    """A trace of the case with inputs ``x0 x1 …``, result ``y``, and ``xk.grad`` where y has a gradient.

    ``call`` is what is recorded: the op, one step; or its body, whose primitives are then differentiated each.
    ``inputs`` are those of the case, in another dtype.
    """
    tape, args, leaves = Tape(), [], {}
    inputs = case.inputs if inputs is None else inputs
    wanted = arguments(case)
    for k, x in enumerate(inputs):
        if isinstance(x, np.ndarray):
            args.append(tape.leaf(f"x{k}", "parameter" if k in wanted else "constant", spec_of(x)))
            leaves[args[-1].slot] = x
        else:
            args.append(Literal(x) if call is None else x)
    if call is None:
        y: Traced = tape.record(case.op, args, case.attrs)
    else:
        y = call(*args, **case.attrs)
    for node in tape.nodes:
        if node.op is not None and not node.path:
            tape.name(node, "y" if node.slot == y.slot else f"inner_{node.op.name}")
    if wanted:
        g = tape.leaf("weight", "constant", y.spec)
        leaves[g.slot] = weight(case, str(y.dtype))
        loss = total(mul(y, g))
        tape.name(tape.nodes[-2], "weighed")
        tape.name(tape.nodes[loss.slot], "loss")
        backward(tape, loss, seed, accumulate)
    return Trace.start(tape.plan(y), leaves).run()


def own_steps(trace: Trace) -> list[Node]:
    """The steps of the op itself: forward, and back through it."""
    y = trace.plan.result
    return [n for n in trace.plan.steps if n.slot == y or n.vjp_of == y]


def below(trace: Trace, node: Node) -> Iterator[tuple[Trace, Node]]:
    """A step, the steps inside it, and so on down."""
    yield trace, node
    inside = trace.substeps(node.slot)
    if inside is not None:
        for inner in inside.plan.steps:
            yield from below(inside, inner)
