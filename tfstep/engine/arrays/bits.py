"""Whether two arrays hold the same bits: −0 is not 0, a NaN is itself; and whether they differ by rounding alone."""

from __future__ import annotations

import numpy as np

ROUNDING = 32 * np.finfo(np.float64).eps  # of an array's largest number: what another order of additions moves
MOST = 200_000  # cells of an array that is asked for rounding: of a larger one it would be felt
HUGE = 1e8  # numbers from which they say nothing of the size of the others: a mask's


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether shape, type and every bit of two arrays of numbers agree. Nothing is copied."""
    if a is b:
        return True
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    kind = f"u{a.dtype.itemsize}"
    return np.array_equal(a.view(kind), b.view(kind))


def but_for_rounding(was: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The numbers of ``was``, with those of ``now`` where they differ by rounding alone, measured by the largest number.

    As they are where they are not float64 (fewer digits do not tell rounding from a small step), or too many.
    """
    if was.shape != now.shape or was.dtype != np.float64 or now.dtype != np.float64 or was.size > MOST:
        return was
    with np.errstate(all="ignore"):
        sizes = np.maximum(np.abs(was), np.abs(now))
        bound = ROUNDING * sizes.max(initial=0.0, where=sizes < HUGE)
        return np.where(np.abs(was - now) <= bound, now, was)
