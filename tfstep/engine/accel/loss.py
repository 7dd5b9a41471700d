"""Cross-entropy and its VJP: a small one in few calls, which can be noted, a large one a block of rows at a time."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.attention import exponentials
from tfstep.engine.accel.blocks import BLOCK, each, row_blocks
from tfstep.engine.accel.calls.recorder import constant, shared
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


def _labelled(labels: Array, width: int, keep: Keep) -> Array:
    """Where in all cells, row after row, those of the labels of the kept rows are."""
    where: Array = np.add(_kept(labels.reshape(-1), keep), constant(labels, np.array(keep) * width))
    return where


def _kept(x: Array, keep: Keep) -> Array:
    if len(keep) == len(x):
        return x
    numbers = constant(x, np.array(keep))
    return np.take(x, numbers, 0, np.empty_like(x, shape=(len(keep), *x.shape[1:])), "clip")


def _picked(x: Array, where: Array) -> Array:
    return np.take(x.reshape(-1), where, 0, np.empty_like(x, shape=where.shape), "clip")


def _small(x: Array, keep: Keep) -> bool:
    return 0 < x.size <= BLOCK and bool(keep)


@kernel
def cross_entropy(out: Array, logits: Array, labels: Array, *, keep: Keep) -> None:
    """Mean of log Σ exp(x − max) − (x − max)[label] over the kept rows."""
    x = rows(logits)
    if _small(x, keep):
        shift, _, sums = exponentials(x)
        costs = np.log(_kept(sums, keep))
        np.subtract(costs, _picked(shift, shared(_labelled, labels, x.shape[1], keep)).reshape(-1, 1), costs)
        np.divide(total(costs, None), len(keep), out)
        return
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
    if _small(x, keep):
        _, e, sums = exponentials(x)
        np.divide(e, sums, result)
        where, one = shared(_labelled, labels, x.shape[1], keep), constant(x, np.ones((), x.dtype))
        np.subtract.at(result.reshape(-1), where, one)
        np.multiply(g, result, result)
        np.divide(result, len(keep), result)
        if len(keep) < len(x):
            others = np.ones((len(x), 1), bool)
            others[list(keep)] = False
            np.copyto(result, 0, where=constant(x, others))
        return
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
