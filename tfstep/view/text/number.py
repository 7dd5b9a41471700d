"""How numbers are written: always with their sign where they may be negative, always as wide as their neighbours."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.view.text.fit import right

HUGE = 1e8  # beyond it a number is a mask's, and takes no part in scales
DIGITS = 3


def plain(value: float, sign: bool = True) -> str:
    """A number in a sentence: ``-0.8272``, ``+1.31e-05``; an exact zero is ``0``."""
    if not math.isfinite(value):
        return ("+inf" if value > 0 else "-inf") if math.isinf(value) else "nan"
    if value == 0:
        return "0"
    size = abs(value)
    plus = "+" if sign else ""
    if size < 1e6 and value == int(value):
        return f"{value:{plus}.0f}"
    if size >= 1e6 or size < 1e-4:
        return f"{value:{plus}.3g}".replace("e-0", "e-").replace("e+0", "e+")
    decimals = 4 if size >= 0.1 else 3 - math.floor(math.log10(size))
    if size >= 1000:
        decimals = 1
    return f"{value:{plus}.{decimals}f}"


def brief(value: float) -> str:
    """A number where there is little room: three digits that matter."""
    return short_exponent(f"{value:+.3g}") if value else "0"


class Style(Struct, frozen=True):
    """One way of writing the numbers of a matrix: ``decimals`` places, ``cells`` wide, with or without sign.

    ``exponent`` writes all of them like ``-1.3e-05``.
    """

    decimals: int
    cells: int
    sign: bool = True
    exponent: bool = False

    def text(self, value: float) -> str:
        """One number, in exactly ``cells`` cells."""
        if value == 0:
            return right("0", self.cells)
        if value != value:
            return right("nan", self.cells)
        if math.isinf(value):
            return right("+inf" if value > 0 else "-inf", self.cells)
        plus = "+" if self.sign else ""
        if self.exponent:
            return right(short_exponent(f"{value:{plus}.{self.decimals}e}"), self.cells)
        text = f"{value:{plus}.{self.decimals}f}"
        if len(text) > self.cells:
            text = short_exponent(f"{value:{plus}.{max(0, self.cells - 6)}e}")
            if len(text) > self.cells:
                text = short_exponent(f"{value:{plus}.0e}")
        return right(text, self.cells)


def short_exponent(text: str) -> str:
    """``1.3e-05`` as ``1.3e-5``."""
    return text.replace("e-0", "e-").replace("e+0", "e+").replace("e+", "e")


class Stats(Struct, frozen=True):
    """What a tensor amounts to: its least and largest number, its mean, how many are not finite or masked away."""

    least: float
    most: float
    mean: float
    odd: int
    whole: bool

    @property
    def bound(self) -> float:
        """The largest size of a number: where a scale ends."""
        return max(abs(self.least), abs(self.most))

    def joined(self, other: Stats) -> Stats:
        """The range of both together; the mean stays this one's."""
        return replace(self, least=min(self.least, other.least), most=max(self.most, other.most))


def stats(values: np.ndarray, hidden: np.ndarray | None = None) -> Stats:
    """The stats of the numbers of an array, those left out that are hidden, not finite or as huge as a mask's."""
    if values.dtype.kind in "iub":
        least, most = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        return Stats(least, most, float(values.mean()) if values.size else 0.0, 0, True)
    with np.errstate(all="ignore"):
        least, most = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        simple = hidden is None and math.isfinite(least + most) and max(-least, most) < HUGE
        if simple:
            return Stats(least, most, float(values.mean()) if values.size else 0.0, 0, False)
        keep = np.abs(values) < HUGE
        if hidden is not None:
            keep &= ~hidden
        kept = values[keep]
    odd = int(values.size - kept.size)
    if not kept.size:
        return Stats(0.0, 0.0, 0.0, odd, False)
    return Stats(float(kept.min()), float(kept.max()), float(kept.mean()), odd, False)


def style_for(found: Stats, digits: int = DIGITS, probability: bool = False) -> Style:
    """The style in which numbers of this size show about ``digits`` digits that matter."""
    if found.whole:
        cells = max(len(str(int(found.least))), len(str(int(found.most))))
        return Style(0, cells, sign=False)
    if probability:
        return Style(digits, digits + 2, sign=False)
    bound = found.bound
    if bound == 0:
        return Style(digits, 4 if found.odd else 2)  # 0, or +inf
    power = math.floor(math.log10(bound))
    if power >= 5 or power < -3:
        mantissa = max(0, digits - 2)
        return Style(mantissa, 1 + 1 + (mantissa and 1 + mantissa) + 1 + len(str(power)), exponent=True)
    decimals = digits
    if power < -1:
        decimals = digits - 1 - power
    elif power > 1:
        decimals = max(0, digits + 1 - power)
    return Style(decimals, 1 + max(1, power + 1) + (decimals and 1 + decimals))
