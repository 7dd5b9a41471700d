"""New numbers for a worksheet: every parameter drawn anew, small, out of the sheet's own seed."""

from __future__ import annotations

import numpy as np

from tfstep.engine.trace import Trace

HALVES = np.array([-2, -1, -1, 0, 1, 1, 2, 3]) / 2  # what round numbers are drawn from


def drawn(trace: Trace, rng: np.random.Generator, rounded: bool) -> Trace:
    """The same model with other parameters: halves where ``rounded``, else two decimals. Norms keep their gains."""
    changes: dict[str, np.ndarray] = {}
    for node in trace.plan.nodes:
        if node.kind == "parameter" and not node.path.endswith((".gamma", ".beta")):
            size = node.shape
            numbers = rng.choice(HALVES, size) if rounded else np.round(rng.normal(0, 0.7, size), 2)
            changes[node.path] = np.asarray(numbers, dtype=node.dtype)
    return trace.edit(changes) if changes else trace
