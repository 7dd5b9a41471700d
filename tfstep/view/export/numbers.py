"""How numbers are written: those of a tensor to the same decimals, a single one in full."""

from __future__ import annotations

import math

import numpy as np

DIGITS = 4  # significant digits of a tensor's largest number, where nothing else is asked for
LARGE = 1e6  # from here on numbers are written with an exponent
SMALL = -5  # and where the largest one has this exponent


class Notation:
    """The way in which the numbers of one tensor are written.

    All have the decimals that give the largest one ``digits`` significant digits. A number that is not 0 never
    reads 0: where its decimals do not suffice it is written with an exponent, and so are very large ones.
    """

    def __init__(self, array: np.ndarray, digits: int = DIGITS) -> None:
        self.digits = digits
        ordinary = np.abs(array[np.isfinite(array) & (np.abs(array) < LARGE)]) if array.dtype.kind == "f" else array
        if array.dtype.kind != "f" or not ordinary.size or bool(np.all(ordinary == np.floor(ordinary))):
            self.decimals: int | None = 0
        else:
            exponent = math.floor(math.log10(float(ordinary.max())))
            self.decimals = None if exponent <= SMALL else max(0, digits - 1 - exponent)

    def __call__(self, x: float) -> str:
        if x == 0:
            return "0"
        if not math.isfinite(x):
            return special(x)
        if abs(x) >= LARGE:
            return f"{int(x)}" if isinstance(x, int) else f"{x:.{self.digits}g}"
        if self.decimals is None:
            return f"{x:.{max(self.digits - 1, 0)}e}"
        if round(abs(x), self.decimals) == 0:
            return f"{x:.{min(self.digits, 2) - 1}e}"
        return f"{x:.{self.decimals}f}"


def brief(x: float, digits: int = DIGITS) -> str:
    """One number to so many significant digits."""
    return f"{x or 0.0:.{digits}g}" if math.isfinite(x) else special(x)


def exact(x: float) -> str:
    """One number in full: reading it gives the same bits."""
    return repr(float(x)) if math.isfinite(x) else special(x)


def special(x: float) -> str:
    """A number that is not finite: ``nan``, ``inf`` or ``-inf``."""
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
