"""How primitives compute many cases at once: the operands that differ from case to case have one more axis in front.

Each rule is given the operands, the number of axes that each has in one case, and the attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfstep.engine.node import Array, Operation


def aligned(op: Operation, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
    """Of an op that broadcasts its leading axes: the axis of the cases stands before those of the widest operand."""
    most = max(ranks)
    wide = (
        x if np.ndim(x) == rank else x.reshape(len(x), *(1,) * (most - rank), *x.shape[1:])
        for x, rank in zip(args, ranks, strict=True)
    )
    return op.forward(*wide, **attrs)


def from_the_end(op: Operation, args: Sequence[Any], ranks: Sequence[int], attrs: dict[str, Any]) -> Array:
    """Of an op along ``axis``, whose operands have all the same number of axes: counted from the end, none has moved."""
    rank, axis = ranks[0], attrs.get("axis", -1)
    every = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    ends = tuple(k % rank - rank for k in every)
    cases = max(len(x) for x in args if x.ndim > rank)
    wide = (x if x.ndim > rank else np.broadcast_to(x, (cases, *x.shape)) for x in args)
    return op.forward(*wide, **{**attrs, "axis": ends[0] if isinstance(axis, int) else ends})
