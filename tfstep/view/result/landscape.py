"""The loss over two weights as a map: the denser the higher, with the path of the descent on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from tfstep.session.study.curves import Landscape
from tfstep.text import Bilingual
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, line, span
from tfstep.view.text.width import right, width

SHADES = " .:-=+*#%@"
LEVELS = 8
AROUND = 5  # lines around the map: title, axes, what the signs mean


def map_lines(found: Landscape, cells: int | None = None, height: int | None = None) -> Iterator[Line]:
    """The map: rows from the largest y down, ``o`` where training has been, ``X`` where we are.

    It has a character for each loss that was computed; given ``cells`` and ``height`` it is drawn to fill them.
    """
    losses, good = found.losses, found.losses[np.isfinite(found.losses)]
    if not good.size:
        yield line(span(Bilingual("no finite loss", "没有有限的损失"), "bad"))
        return
    names = [brief(float(found.ys[-1]), 3), brief(float(found.ys[0]), 3)]
    margin = max(map(width, names))
    if cells is not None and height is not None:
        losses = interpolate(losses, max(4, height - AROUND), max(12, cells - margin - 2))
    ranks = np.searchsorted(np.sort(good), np.where(np.isfinite(losses), losses, np.inf)) / good.size
    rows, columns = losses.shape
    path = {}
    for k, (x, y) in enumerate(found.path.tolist()):
        i, j = _nearest(found.ys, y, rows), _nearest(found.xs, x, columns)
        if i is not None and j is not None:
            path[i, j] = "X" if k == len(found.path) - 1 else "o"
    low, high = brief(float(good.min()), 4), brief(float(good.max()), 4)
    scale = (span(*_place(k / len(SHADES), None)) for k in range(len(SHADES)))
    yield line(span(Bilingual("loss  ", "损失  "), "accent"), f"{low} ", *scale, f" {high}")
    yield line(span(f"↑ {found.names[1]}", "dim"))
    for i in reversed(range(rows)):
        name = names[0] if i == rows - 1 else names[1] if i == 0 else ""
        places = [_place(float(ranks[i, j]), path.get((i, j))) for j in range(columns)]
        runs = (span("".join(text for text, _ in run), role) for role, run in groupby(places, key=lambda each: each[1]))
        yield line(span(right(name, margin), "dim"), span(" │", "dim"), *runs)
    first, last = brief(float(found.xs[0]), 3), brief(float(found.xs[-1]), 3)
    across = f"  → {found.names[0]}" if cells is None else ""
    gap = " " * max(1, columns - len(first) - len(last))
    if not across:
        gap = f"→ {found.names[0]}".center(len(gap))[: len(gap)]
    yield line(span(" " * (margin + 2) + first + gap + last + across, "dim"))
    yield line(
        span("o", "way0"),
        span(Bilingual(": where training has been, ", "：训练走过的点，"), "dim"),
        span("X", "here0"),
        span(Bilingual(": where we are", "：当前位置"), "dim"),
    )


def _place(rank: float, sign: str | None) -> tuple[str, str]:
    """The sign of a place and its role: the step of the path, or the shade of the loss."""
    level = min(int(rank * (LEVELS + 1)), LEVELS)
    if sign is not None:
        return sign, f"here{level}" if sign == "X" else f"way{level}"
    return SHADES[min(int(rank * len(SHADES)), len(SHADES) - 1)], f"height{level}"


def _nearest(ticks: np.ndarray, value: float, count: int) -> int | None:
    first, last = float(ticks[0]), float(ticks[-1])
    if value != value or first == last:
        return None
    at = round((value - first) / (last - first) * (count - 1))
    return at if 0 <= at < count else None


def interpolate(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The values at so many rows and columns, those between two given ones on a straight line between them."""
    old_rows, old_columns = (np.arange(n) for n in values.shape)
    new_rows, new_columns = np.linspace(0, old_rows[-1], rows), np.linspace(0, old_columns[-1], columns)
    wide = np.stack([np.interp(new_columns, old_columns, row) for row in values])
    return np.stack([np.interp(new_rows, old_rows, column) for column in wide.T], axis=1)
