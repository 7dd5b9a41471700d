"""Curves in text: a chart of dots, and a line of bars as wide as a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, line, span
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import right, width

_BARS, _ASCII_BARS = "▁▂▃▄▅▆▇█", ".:-=+*#@"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille character: 4 rows, 2 columns
_UPPER = 0x01 | 0x08 | 0x02 | 0x10
HEIGHT = 12  # lines of a chart
WIDEST = 100  # columns of a chart among other lines
Mark = tuple[float, float, str, str]  # x, y, sign, role


def spark(values: np.ndarray, cells: int = 24) -> str:
    """The course of the values as bars; nothing for fewer than 3."""
    finite = np.asarray(values, float)
    if finite.size < 3:
        return ""
    picked = finite[np.linspace(0, finite.size - 1, min(cells, finite.size)).round().astype(int)]
    good = picked[np.isfinite(picked)]
    if not good.size:
        return ""
    low, high = float(good.min()), float(good.max())
    span = high - low or 1.0
    bars = _BARS if plain("…") == "…" else _ASCII_BARS
    return "".join(bars[round((x - low) / span * 7)] if np.isfinite(x) else "!" for x in picked)


def chart(
    xs: np.ndarray,
    curves: Sequence[np.ndarray],
    cells: int,
    height: int = HEIGHT,
    roles: Sequence[str] = (),
    marks: Sequence[Mark] = (),
) -> Iterator[Line]:
    """Curves over ``xs`` in one frame, with so many lines of dots: the range of the values at its left, that of
    ``xs`` below. ``roles`` are those of the curves, the later ones drawn over the earlier; ``marks`` are single
    signs."""
    every = np.concatenate([np.asarray(c, float)[np.isfinite(c)] for c in curves])
    if not every.size:
        return
    low, high = float(every.min()), float(every.max())
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    ticks = {0: high, (height - 1) // 2: high - (high - low) * ((height - 1) // 2) / (height - 1), height - 1: low}
    names = {row: brief(y, 4) for row, y in ticks.items()}
    margin = max(map(width, names.values()))
    wide = max(10, cells - margin - 2)
    dots, ascii_only = np.zeros((height, wide), int), plain("…") != "…"
    owners = np.full((height, wide), -1)
    for k, curve in enumerate(curves):
        _draw(dots, owners, k, xs, np.asarray(curve, float), low, high)
    signs = {_spot(mark, xs, low, high, height, wide): mark[2:] for mark in marks if low <= mark[1] <= high}
    for y in range(height):
        places = [
            signs.get(
                (y, x), (_character(dots[y, x], ascii_only), roles[k] if 0 <= (k := owners[y, x]) < len(roles) else "")
            )
            for x in range(wide)
        ]
        runs = (
            span("".join(text for text, _ in run), role) for role, run in groupby(places, key=lambda place: place[1])
        )
        yield line(span(right(names.get(y, ""), margin), "dim"), span(" ┤" if y in names else " │", "dim"), *runs)
    yield line(span(" " * margin + " └" + "─" * wide, "dim"))
    first, last = brief(float(xs[0]), 4), brief(float(xs[-1]), 4)
    yield line(span(" " * (margin + 2) + first + " " * max(1, wide - len(first) - len(last)) + last, "dim"))


def _spot(mark: Mark, xs: np.ndarray, low: float, high: float, height: int, wide: int) -> tuple[int, int]:
    """The line and column of a mark."""
    across = (mark[0] - float(xs[0])) / (float(xs[-1] - xs[0]) or 1.0)
    down = (high - mark[1]) / (high - low)
    return min(height - 1, int(down * height)), min(wide - 1, max(0, int(across * wide)))


def _character(mask: int, ascii_only: bool) -> str:
    """The dots of one place, or without braille a sign for its upper half, its lower half or both."""
    if not mask:
        return " "
    if not ascii_only:
        return chr(0x2800 + mask)
    return {1: "'", 2: "."}.get(bool(mask & _UPPER) + 2 * bool(mask & ~_UPPER), "|")


def _draw(
    dots: np.ndarray, owners: np.ndarray, owner: int, xs: np.ndarray, ys: np.ndarray, low: float, high: float
) -> None:
    """Set the dots of one curve, filled up between its points."""
    height, wide = dots.shape[0] * 4, dots.shape[1] * 2
    good = np.isfinite(ys)
    if good.sum() == 0 or xs[-1] == xs[0]:
        points = np.full(wide, ys[good][0] if good.any() else np.nan)
    else:
        points = np.interp(np.linspace(xs[0], xs[-1], wide), xs[good], ys[good], left=np.nan, right=np.nan)
    before = None
    for x, y in enumerate(points.tolist()):
        if y != y or not low <= y <= high:
            before = None
            continue
        at = round((high - y) / (high - low) * (height - 1))
        for row in range(min(at, at if before is None else before), max(at, at if before is None else before) + 1):
            dots[row // 4, x // 2] |= _DOTS[row % 4][x % 2]
            owners[row // 4, x // 2] = owner
        before = at
