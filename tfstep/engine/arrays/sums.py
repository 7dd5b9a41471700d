"""Sums of many numbers: NumPy's, and in float32 with partial sums where NumPy adds one number after another.

Along an axis whose numbers lie beside each other NumPy adds pairwise (the error grows with log n, Higham 1993); along
any other it adds row after row, and in float32 the sum of 65,536 rows has lost the last two of its seven digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

MANY = 256
"""From so many numbers on that go into one."""
ROWS = 32
"""How many rows go into one partial sum: numbers that are all equal, and all rounded the same way, lose no more."""
SUMS = 8
"""How many partial sums go into one of the next: what is added last, the largest numbers, loses the most."""


_sum: Callable[..., np.ndarray] = np.add.reduce


def added(
    x: np.ndarray, axis: int | tuple[int, ...] | None = -1, keepdims: bool = True, out: np.ndarray | None = None
) -> np.ndarray:
    """Σ x along axes, into ``out`` if given; in float32 as exactly along every axis as NumPy adds along the last.
    Nothing is copied."""
    if x.dtype != np.float32 or x.size < MANY:
        return _sum(x, axis, None, out, keepdims)
    every = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = sorted(k % x.ndim for k in every)
    many = math.prod(x.shape[k] for k in gone) >= MANY
    beside = len(gone) == 1 and x.strides[gone[0]] == x.itemsize
    if not many or beside or (len(gone) == x.ndim and x.flags.c_contiguous):
        return _sum(x, axis, None, out, keepdims)
    shape = [1 if k in gone else n for k, n in enumerate(x.shape) if keepdims or k not in gone]
    if x.flags.c_contiguous and gone[-1] == len(gone) - 1:
        x, gone = x.reshape(-1, *x.shape[len(gone) :]), [0]
    for k in reversed(gone):
        x = _along(x, k)
    if out is None:
        return x.reshape(shape)
    out[...] = x.reshape(shape)
    return out


def added_rows(n: int, some: Callable[[slice], np.ndarray]) -> np.ndarray:
    """What ``added`` gives along the first axis of a float32 matrix of n rows, MANY at least, that is never there
    as a whole: ``some`` gives the sum of a few rows."""
    sums = np.stack([some(slice(k, k + ROWS)) for k in range(0, n - ROWS + 1, ROWS)])
    if n % ROWS:
        sums[-1] += some(slice(n - n % ROWS, n))
    total: np.ndarray = _along(sums, 0, SUMS)[0]
    return total


def _along(x: np.ndarray, axis: int, step: int = ROWS) -> np.ndarray:
    """Σ along one axis, which stays with size 1: of partial sums, and of these likewise."""
    while x.shape[axis] >= 2 * step:
        x, step = _parts(x, axis, step), SUMS
    return _sum(x, axis=axis, keepdims=True)


def _parts(x: np.ndarray, axis: int, step: int) -> np.ndarray:
    """Sums of so many in a row along an axis; the last holds what is left over as well."""
    before: tuple[slice, ...] = (slice(None),) * axis
    many = x.shape[axis] // step
    whole = x[(*before, slice(0, many * step))].reshape(*x.shape[:axis], many, step, *x.shape[axis + 1 :])
    sums = _sum(whole, axis=axis + 1)
    if many * step < x.shape[axis]:
        sums[(*before, slice(many - 1, None))] += _sum(x[(*before, slice(many * step, None))], axis=axis, keepdims=True)
    return sums
