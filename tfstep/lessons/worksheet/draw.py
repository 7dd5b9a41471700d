"""New numbers for a worksheet: every parameter drawn anew, small, out of the sheet's own seed."""

from __future__ import annotations

from math import prod

import numpy as np

from tfstep.engine.trace import Trace

HALVES = np.array([-2, -1, -1, 0, 1, 1, 2, 3]) / 2  # what round numbers are drawn from
TENTHS = np.array([*range(-20, 0), *range(1, 21)]) / 10  # and where so few are needed that sheets would be alike
FEW = 8


def with_drawn_parameters(trace: Trace, rng: np.random.Generator, rounded: bool) -> Trace:
    """The same model with other parameters: halves (tenths, of few) where ``rounded``, else two decimals.
    Norms keep their gains."""
    changes: dict[str, np.ndarray] = {}
    nodes = [node for node in trace.plan.nodes if node.kind == "parameter"]
    round_ones = TENTHS if sum(prod(node.shape) for node in nodes) <= FEW else HALVES
    for node in nodes:
        if not node.path.endswith((".gamma", ".beta")):
            size = node.shape
            numbers = rng.choice(round_ones, size) if rounded else np.round(rng.normal(0, 0.7, size), 2)
            changes[node.path] = np.asarray(numbers, dtype=node.dtype)
    return trace.edit(changes) if changes else trace
