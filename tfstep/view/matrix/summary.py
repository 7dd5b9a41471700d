"""What a matrix amounts to, in the line under it, and by how much an edit moved it."""

from __future__ import annotations

import math

import numpy as np

from tfstep.text import Bilingual
from tfstep.view.matrix.grid import MANY, Grid
from tfstep.view.matrix.noise import ROUNDED
from tfstep.view.text.number import COMING, brief, short_exponent
from tfstep.view.text.spans import Line, Span, line, line_width, with_plain_symbols
from tfstep.view.text.symbols import is_ascii
from tfstep.view.text.width import width

LARGE = 20 * MANY  # cells beyond which it is not counted what moved: it would be felt at every key


def summary(grid: Grid, cells: int) -> Line:
    """From, to, mean, and what moved: as much of it as has room in so many cells, the more telling part first."""
    if grid.coming:
        texts = (f"{COMING} {Bilingual('being computed', '计算中')}", COMING)
        return next((line(Span(text, "dim")) for text in texts if width(text) <= cells), ())
    if grid.slope is not None:
        return _legend(cells)
    whole, short = _range(grid)
    change, brief_change = _change(grid)
    for numbers, moved in ((whole, change), (short, change), (short, brief_change), ("", change), ("", brief_change)):
        gap = "  " if numbers and moved else ""
        found = with_plain_symbols(line(Span(numbers + gap, "dim"), Span(moved, "changed")))
        if (numbers or moved) and line_width(found) <= cells:
            return found
    return ()


def _legend(cells: int) -> Line:
    """What the shades and arrows of a gradient over its numbers mean."""
    texts = (
        Bilingual("shade: the gradient; ↑ ↓: the way that lowers the loss", "色阶：梯度；↑ ↓：使损失减小的方向"),
        Bilingual("shade: gradient; ↑ ↓: downhill", "色阶：梯度；↑ ↓：下坡"),
    )
    signs = "^ v" if is_ascii() else "↑ ↓"
    found = [with_plain_symbols(line(Span(str(text).replace("↑ ↓", signs), "dim"))) for text in texts]
    return next((each for each in found if line_width(each) <= cells), ())


def _range(grid: Grid) -> tuple[str, str]:
    """The range with the mean, and without it."""
    found = grid.stats
    if grid.rounded == grid.values.size:
        return str(ROUNDED), "≈ 0"
    if grid.values.size <= 1 or found.whole or found.odd == grid.values.size:
        return "", ""
    sign = grid.scale != "probability"  # shares of 1 stand without a sign in their cells, too
    short = f"{_short(found.least, sign)} … {_short(found.most, sign)}"
    few = f"  ({grid.rounded} ≈ 0)" if grid.rounded else ""
    mean = found.mean if abs(found.mean) > 1e-12 * found.bound else 0.0
    return f"{short}  μ {_short(mean, sign)}" + (
        f"  ({found.odd} ▒)" if found.odd and not grid.bare else ""
    ) + few, short


def _change(grid: Grid) -> tuple[str, str]:
    """How many cells the edit moved, and by how much at most; and the latter alone."""
    moved = grid.moved() if grid.values.size < LARGE else None
    if moved is None or grid.before is None or not moved.any():
        return "", ""
    with np.errstate(all="ignore"):
        sizes = np.abs(grid.values[moved].astype(float) - grid.before[moved])
    finite = np.isfinite(sizes)
    most = float(sizes[finite].max(initial=0.0)) if finite.all() else math.inf
    by = _short(most).replace("+", "±") if math.isfinite(most) else "inf"
    text = Bilingual(
        "~ {n} of {all} moved, at most {by}",
        "~ {all} 个中 {n} 个变动，最大 {by}",
        n=int(moved.sum()),
        all=moved.size,
        by=by,
    )
    return str(text), f"~ {by}"


def _short(value: float, sign: bool = True) -> str:
    return short_exponent(brief(value, 3, sign=sign))
