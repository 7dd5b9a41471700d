"""Whether two arrays hold the same bits: −0 is not 0, a NaN is itself."""

from __future__ import annotations

import numpy as np


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether shape, type and every bit of two arrays of numbers agree. Nothing is copied."""
    if a is b:
        return True
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    kind = f"u{a.dtype.itemsize}"
    return np.array_equal(a.view(kind), b.view(kind))
