"""How numbers are written: on the screen with their sign where they may be negative and as wide as their neighbours; in
reports and exports those of a tensor to the same decimals; a single one in full."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.text import Bilingual
from tfstep.view.text.width import right

ROUNDING = 4e-15  # up to here, of a loss, another order of additions moves it as well

COMING = "…"  # stands for a number that is still to be computed
HUGE = 1e8  # beyond it a number is a mask's, and takes no part in scales
REPORTED = 4  # significant digits of a tensor's largest number, where nothing else is asked for
LARGE = 1e6  # from here on numbers are written with an exponent
SMALL = -5  # and where the largest one has this exponent
FINE = 4  # more digits than these are not read: there the difference says more
DIGITS = 3  # of a number among others on the screen


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


def told_apart(a: float, b: float, sign: bool = False) -> tuple[str, str]:
    """Two numbers, in as many digits as it takes to see that they differ."""
    one, other = plain(a, sign), plain(b, sign)
    if one != other or a == b or not (math.isfinite(a) and math.isfinite(b)):
        return one, other
    plus = "+" if sign else ""
    if max(abs(a), abs(b)) < 1e-4:
        digits = min(16, 1 + math.floor(math.log10(abs(a))) - math.floor(math.log10(abs(b - a))))
        return short_exponent(f"{a:{plus}.{digits}e}"), short_exponent(f"{b:{plus}.{digits}e}")
    decimals = min(16, 1 - math.floor(math.log10(abs(b - a))))
    return f"{a:{plus}.{decimals}f}", f"{b:{plus}.{decimals}f}"


def became(was: float, now: float, sign: bool = True) -> str:
    """``+1.0050 → +1.1050``: a number and what became of it, in as many digits as it takes; with the difference where
    that takes many."""
    a, b = told_apart(was, now, sign)
    if len(b) > len(plain(now, sign)) + FINE:
        return f"{plain(was, sign)} Δ {plain(now - was)}"
    return f"{a} → {b}"


def loss_moved(was: float, now: float) -> Bilingual:
    """How a loss moved, in as many digits as it takes; a change that rounding alone may make is none."""
    if was == now:
        return Bilingual("loss stays {a}", "损失仍为 {a}", a=plain(was, sign=False))
    if abs(now - was) <= ROUNDING * abs(was):
        return Bilingual("loss stays {a} but for rounding", "损失仍为 {a}（除舍入误差外）", a=plain(was, sign=False))
    a, b = told_apart(was, now)
    return Bilingual("loss {a} → {b}", "损失 {a} → {b}", a=a, b=b)


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
        if len(text) <= self.cells and not text.strip("+-0."):  # what is not 0 does not read 0
            small = short_exponent(f"{value:{plus}.0e}")
            text = small if len(small) <= self.cells else text
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
        return Style(digits, digits + 3)  # the places of a number: what is 0 now may be one after an edit
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


class Notation:
    """The way in which the numbers of one tensor are written.

    All have the decimals that give the largest one ``digits`` significant digits. A number that is not 0 never
    reads 0: where its decimals do not suffice it is written with an exponent, and so are very large ones.
    """

    def __init__(self, array: np.ndarray, digits: int = REPORTED) -> None:
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


def brief(x: float, digits: int = REPORTED, sign: bool = False) -> str:
    """One number to so many significant digits."""
    return f"{x or 0.0:{'+' if sign and x else ''}.{digits}g}" if math.isfinite(x) else special(x)


def exact(x: float) -> str:
    """One number in full: reading it gives the same bits."""
    return repr(float(x)) if math.isfinite(x) else special(x)


def special(x: float) -> str:
    """A number that is not finite: ``nan``, ``inf`` or ``-inf``."""
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
