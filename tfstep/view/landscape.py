"""The loss over two weights as a map: the darker the higher, with the path of the descent on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfstep.session.curves import Landscape, Sweep
from tfstep.text import Text
from tfstep.view.chart import chart
from tfstep.view.report.layout import line, span
from tfstep.view.report.numbers import brief
from tfstep.view.spans import Line
from tfstep.view.width import right, width

SHADES = " .:-=+*#%@"


def map_lines(found: Landscape) -> Iterator[Line]:
    """The map: rows from the largest y down, ``o`` where training has been, ``X`` where we are."""
    losses = found.losses
    good = losses[np.isfinite(losses)]
    if not good.size:
        yield line(span(Text("no finite loss", "没有有限的损失"), "bad"))
        return
    ranks = np.searchsorted(np.sort(good), np.where(np.isfinite(losses), losses, np.inf)) / good.size
    shades = np.minimum((ranks * len(SHADES)).astype(int), len(SHADES) - 1)
    canvas = [[SHADES[k] for k in row] for row in shades.tolist()]
    for k, (x, y) in enumerate(found.path.tolist()):
        i, j = _nearest(found.ys, y), _nearest(found.xs, x)
        if i is not None and j is not None:
            canvas[i][j] = "X" if k == len(found.path) - 1 else "o"
    names = [brief(float(found.ys[-1]), 3), brief(float(found.ys[0]), 3)]
    margin = max(map(width, names))
    title = Text(
        "loss from {low} (light) to {high} (dark)",
        "损失从 {low}（浅）到 {high}（深）",
        low=brief(float(good.min()), 4),
        high=brief(float(good.max()), 4),
    )
    yield line(span(title, "accent"))
    yield line(span(f"↑ {found.names[1]}", "dim"))
    for i in reversed(range(len(canvas))):
        name = names[0] if i == len(canvas) - 1 else names[1] if i == 0 else ""
        yield line(span(right(name, margin), "dim"), span(" │", "dim"), "".join(canvas[i]))
    first, last = brief(float(found.xs[0]), 3), brief(float(found.xs[-1]), 3)
    gap = max(1, len(found.xs) - len(first) - len(last))
    yield line(span(" " * (margin + 2) + first + " " * gap + last + f"  → {found.names[0]}", "dim"))
    yield line(span(Text("o: where training has been, X: where we are", "o：训练走过的点，X：当前位置"), "dim"))


def _nearest(ticks: np.ndarray, value: float) -> int | None:
    at = round((value - float(ticks[0])) / float(ticks[-1] - ticks[0]) * (len(ticks) - 1)) if value == value else -1
    return at if 0 <= at < len(ticks) else None


def sweep_lines(found: Sweep, cells: int) -> Iterator[Line]:
    """The loss along one weight, its tangent where it is now, and the least one found."""
    best = int(np.nanargmin(found.losses)) if np.isfinite(found.losses).any() else 0
    title = Text(
        "loss along {cell}; now {x}: loss {loss}, slope {slope}; least {least} at {at}",
        "损失随 {cell} 的变化；当前 {x}：损失 {loss}，斜率 {slope}；最小 {least}，在 {at}",
        cell=found.cell,
        x=brief(found.x, 5),
        loss=brief(found.loss, 5),
        slope=brief(found.gradient, 4),
        least=brief(float(found.losses[best]), 5),
        at=brief(float(found.xs[best]), 4),
    )
    yield line(span(title, "accent"))
    low, high = float(np.nanmin(found.losses)), float(np.nanmax(found.losses))
    room = 0.1 * (high - low) or 1.0
    tangent = np.where((found.tangent >= low - room) & (found.tangent <= high + room), found.tangent, np.nan)
    yield from chart(found.xs, (found.losses, tangent), cells)
