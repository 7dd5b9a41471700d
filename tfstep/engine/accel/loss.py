"""Cross-entropy and its VJP, a block of rows at a time."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.blocks import each, row_blocks
from tfstep.engine.accel.kernel import kernel
from tfstep.engine.accel.linear import rows
from tfstep.engine.accel.reduce import largest, total

Array = np.ndarray
Keep = tuple[int, ...]


def _blocks(x: Array, labels: Array, keep: Keep) -> list[tuple[slice, Array | slice, Array]]:
    """Which of the kept rows, where they are among all rows, and their labels, for each block."""
    ids, blocks = labels.ravel(), row_blocks(len(keep), x.shape[1])
    if len(keep) == len(x):
        return [(b, b, ids[b]) for b in blocks]
    numbers = np.array(keep)
    return [(b, numbers[b], ids[numbers[b]]) for b in blocks]


@kernel
def cross_entropy(out: Array, logits: Array, labels: Array, *, keep: Keep) -> None:
    """Mean of log Σ exp(x − max) − (x − max)[label] over the kept rows."""
    x = rows(logits)
    sums, picked = np.empty((2, len(keep), 1), x.dtype)

    def some(block: tuple[slice, Array | slice, Array]) -> None:
        kept, place, ids = block
        row = x[place]
        shift = np.subtract(row, largest(row, -1, None, None, True))
        picked[kept, 0] = shift[np.arange(len(ids)), ids]
        np.exp(shift, shift)
        total(shift, -1, None, sums[kept], True)

    each(some, _blocks(x, labels, keep))
    np.log(sums, sums)
    np.subtract(sums, picked, sums)
    np.divide(total(sums, None), len(keep), out)


@kernel
def cross_entropy_logits(out: Array, g: Array, logits: Array, labels: Array, *, keep: Keep) -> None:
    """g · (softmax(x) − 1 at the label) / n in the kept rows, 0 in the others."""
    x, result = rows(logits), rows(out)
    if len(keep) < len(x):
        result.fill(0)

    def some(block: tuple[slice, Array | slice, Array]) -> None:
        _, place, ids = block
        row = x[place]
        p = result[place] if isinstance(place, slice) else np.empty_like(row)
        np.subtract(row, largest(row, -1, None, None, True), p)
        np.exp(p, p)
        np.divide(p, total(p, -1, None, None, True), p)
        p[np.arange(len(ids)), ids] -= 1
        np.multiply(g, p, p)
        np.divide(p, len(keep), p)
        if not isinstance(place, slice):
            result[place] = p

    each(some, _blocks(x, labels, keep))
