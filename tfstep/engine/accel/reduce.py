"""NumPy's reductions, called by position (x, axis, dtype, out, keepdims): on small arrays keywords cost a tenth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

Reduce = Callable[..., np.ndarray]
total: Reduce = np.add.reduce
largest: Reduce = np.maximum.reduce

NARROW, ROWS = 32, 64
"""Up to so many numbers a row, and from so many rows on, a call that goes down the columns takes a third of the time."""
EIGHT = 8
"""So many numbers NumPy adds in pairs, fewer one after the other."""


def largest_of_rows(x: np.ndarray) -> np.ndarray:
    """The largest number of each row: (…, n) → (…, 1). Which of two zeros it is depends on the shape."""
    n = x.shape[-1]
    if not 1 < n <= NARROW or x.size < ROWS * n or not x.flags.c_contiguous:
        return largest(x, -1, None, None, True)
    found: np.ndarray = largest(_columns(x), 0).reshape(*x.shape[:-1], 1)
    return found


def total_of_rows(x: np.ndarray) -> np.ndarray:
    """The sum of each row, as NumPy adds it up: (…, n) → (…, 1)."""
    n = x.shape[-1]
    if not 1 < n <= EIGHT or x.size < ROWS * n or not x.flags.c_contiguous or not _adds_so(n, x.dtype):
        return total(x, -1, None, None, True)
    sums: np.ndarray = _added(x).reshape(*x.shape[:-1], 1)
    return sums


def _added(x: np.ndarray) -> np.ndarray:
    n = x.shape[-1]
    if n < EIGHT:
        return total(_columns(x), 0)
    pairs: np.ndarray = x.reshape(-1)
    for _ in range(3):
        pairs = np.add(pairs[::2], pairs[1::2])
    np.add(pairs, 0.0, pairs)  # NumPy begins with 0: a sum of −0 is 0
    return pairs


@cache
def _adds_so(n: int, dtype: np.dtype) -> bool:
    """Whether that gives this NumPy's own bits: seen on numbers of which every other order gives others."""
    x = np.sin(np.arange(ROWS * n)).astype(dtype).reshape(ROWS, n)
    x[0] = -0.0
    return _added(x).tobytes() == total(x, -1, None, None, True).tobytes()


def _columns(x: np.ndarray) -> np.ndarray:
    n = x.shape[-1]
    columns = np.empty_like(x, shape=(n, x.size // n))
    np.copyto(columns, x.reshape(-1, n).T)
    return columns
