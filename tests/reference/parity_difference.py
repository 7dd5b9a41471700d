"""How far two arrays are apart, and how far they may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# dtype: (relative to the largest number of the tensor, absolute). A gradient that is 0 in theory, as that of b_K, is
# 1e-17 in float64 and 1e-7 in float32.
BOUNDS = {"float64": (1e-9, 1e-12), "float32": (1e-4, 1e-6)}


@dataclass(frozen=True)
class Difference:
    """How far one tensor is from its reference, in units of what is allowed: above 1 is too far."""

    key: str
    error: float  # max|Δ|
    largest: float  # max|reference|
    excess: float  # max|Δ| over its bound; infinite where shapes or non-finite cells differ

    def __str__(self) -> str:
        return f"{self.key}: max|Δ| {self.error:.3g}, max|reference| {self.largest:.3g}"


def difference(key: str, found: np.ndarray, reference: np.ndarray, dtype: str) -> Difference:
    """Compare two arrays; infinities and NaNs must stand in the same cells."""
    if found.shape != reference.shape:
        return Difference(f"{key}: shape {found.shape}, not {reference.shape}", np.inf, np.inf, np.inf)
    finite = np.isfinite(reference)
    if not np.array_equal(found[~finite], reference[~finite], equal_nan=True) or not np.isfinite(found[finite]).all():
        return Difference(f"{key}: infinities or NaNs in other cells", np.inf, np.inf, np.inf)
    error = float(np.abs(found[finite] - reference[finite]).max(initial=0.0))
    largest = float(np.abs(reference[finite]).max(initial=0.0))
    relative, absolute = BOUNDS[dtype]
    return Difference(key, error, largest, error / (relative * largest + absolute))


def worst(differences: list[Difference]) -> Difference:
    """The one that is furthest beyond, or nearest to, its bound."""
    return max(differences, key=lambda one: one.excess)
