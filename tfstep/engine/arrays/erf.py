"""The error function on arrays: NumPy has none, and a loop over `math.erf` is fifty times slower.

erf is expanded in a Taylor series about the nearest of the nodes 0, 1/8, 2/8 … 6, where `math.erf` gives it
exactly; the derivatives are Hermite polynomials times exp(−c²) (Abramowitz & Stegun 7.1.19). Beyond 6 it is ±1.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

_STEP, _END, _ORDER = 8, 6, 12


@cache
def _table() -> np.ndarray:
    """The Taylor coefficients about each node: (order + 1, nodes)."""
    nodes = np.arange(_END * _STEP + 1) / _STEP
    rows = [np.array([math.erf(c) for c in nodes])]
    slope = 2 / math.sqrt(math.pi) * np.exp(-nodes * nodes)
    before, hermite = np.zeros_like(nodes), np.ones_like(nodes)
    for n in range(1, _ORDER + 1):
        rows.append(slope * hermite * (-1) ** (n - 1) / math.factorial(n))
        before, hermite = hermite, 2 * nodes * hermite - 2 * (n - 1) * before
    return np.stack(rows)


def erf(x: np.ndarray) -> np.ndarray:
    """Erf of each number, within 2 ulp, in the dtype of x; NaN stays NaN."""
    wide = np.asarray(x, np.float64)
    size = np.minimum(np.abs(wide), _END)
    finite = np.where(np.isnan(size), 0.0, size)
    nearest = np.rint(finite * _STEP).astype(np.intp)
    offset = size - nearest / _STEP
    table = _table()
    total = table[_ORDER][nearest]
    for n in range(_ORDER - 1, -1, -1):
        total = total * offset + table[n][nearest]
    result: np.ndarray = np.copysign(total, wide).astype(np.asarray(x).dtype, copy=False)
    return result
