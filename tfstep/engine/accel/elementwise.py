"""Cell by cell: sums, relu, scale, the update."""

from __future__ import annotations

import math

import numpy as np

from tfstep.engine.accel.calls.recorder import constant
from tfstep.engine.accel.kernel import blockwise, kernel, kernel_on_zeros

Array = np.ndarray

BITS = {2: np.int16, 4: np.int32, 8: np.int64}
NARROW = 32
"""Rows up to this width NumPy adds up faster by itself than one call a row does."""


@blockwise
def add(out: Array, a: Array, b: Array) -> None:
    """a + b."""
    np.add(a, b, out)


@blockwise
def accumulate(out: Array, *xs: Array) -> None:
    """The sum of all."""
    np.add(xs[0], xs[1], out)
    for x in xs[2:]:
        np.add(out, x, out)


@blockwise
def relu(out: Array, x: Array) -> None:
    """max(x, 0)."""
    np.maximum(x, 0, out=out)


@blockwise
def relu_x(out: Array, g: Array, x: Array) -> None:
    """g where x > 0, else 0."""
    whole = BITS[out.dtype.itemsize]  # all bits or none: a third of the time of a choice
    bits = np.empty_like(out, dtype=whole)
    np.copyto(bits, np.greater(x, 0))
    np.negative(bits, bits)
    np.bitwise_and(g.view(whole), bits, out.view(whole))


@blockwise
def scale(out: Array, x: Array, *, d_k: int) -> None:
    """x / √d_k; its own VJP."""
    np.divide(x, d_k**0.5, out)


@blockwise
def sgd(out: Array, p: Array, g: Array, *, lr: float) -> None:
    """p − lr·g."""
    np.multiply(g, lr, out)
    np.subtract(p, out, out)


@kernel
def gather(out: Array, table: Array, ids: Array) -> None:
    """Rows of the table by their ids."""
    np.take(table, ids, 0, out, "clip")  # with "raise" NumPy would go through a buffer


@kernel_on_zeros
def gather_table(out: Array, g: Array, ids: Array) -> None:
    """Each row of g added into the row of its id, one after the other."""
    flat = g.reshape(-1, *out.shape[1:])
    if flat.size <= NARROW * len(flat):
        width = math.prod(flat.shape[1:])
        cells = np.add(np.multiply(ids.reshape(-1, 1), width), constant(ids, np.arange(width)))
        np.add.at(out.reshape(-1), cells.reshape(-1), flat.reshape(-1))  # of single cells it takes a third of the time
        return
    for row, number in enumerate(ids.ravel().tolist()):
        into = out[number]
        np.add(into, flat[row], into)


@kernel
def concat_heads(out: Array, x: Array) -> None:
    """The heads (batch, head, position, d) side by side."""
    batch, heads, position, d = x.shape
    out.reshape(batch, position, heads, d)[...] = x.transpose(0, 2, 1, 3)


@kernel
def split_heads_x(out: Array, g: Array, *, heads: int) -> None:
    """The gradients of the heads side by side."""
    concat_heads.run(out, g)
