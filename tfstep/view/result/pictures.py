"""Pictures in text: curves over the updates, the loss along a weight, bars, shades; in as many lines as there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from itertools import groupby

import numpy as np

from tfstep.engine.axis import Axis
from tfstep.session.results import Drawn, Pictured, Plotted, Result, Swept
from tfstep.session.study.curves import Sweep
from tfstep.text import Bilingual
from tfstep.view.matrix.labels import labels
from tfstep.view.matrix.values import kept_axes
from tfstep.view.result.landscape import map_lines
from tfstep.view.text.chart import HEIGHT, WIDEST, chart
from tfstep.view.text.number import brief
from tfstep.view.text.spans import Line, flow, line, span
from tfstep.view.text.symbols import plain
from tfstep.view.text.width import clip, left, right, width

CURVES = ("curve0", "curve1", "curve2", "curve3", "curve4", "curve5", "curve6", "curve7")
LEVELS = 8
LEAST = 4  # lines of a chart
NUMBERED = 8  # columns for a shade with its number in it
_SIGNED = ("  ", " ·", " ·", " {s}", " {s}", " {s}", "{s}{s}", "{s}{s}", "{s}{s}")
_SHARES = " ░░▒▒▓▓██"


@singledispatch
def picture(result: Result, cells: int, height: int | None = None) -> Iterator[Line]:
    """The lines of a picture so wide, and so high where that is said; none for any other result."""
    yield from ()


@picture.register
def _plotted(result: Plotted, cells: int, height: int | None = None) -> Iterator[Line]:
    cells = cells if height else min(cells, WIDEST)
    title = Bilingual(
        "{title} over {n} updates", "{title}，共 {n} 次更新", title=result.title, n=int(result.updates[-1])
    )
    several = result.values.shape[1] > 1
    ends = "" if several else " → ".join(brief(float(x), 5) for x in result.values[[0, -1], 0])
    yield line(span(title, "accent"), f"   {ends}")
    if result.updates.size < 2:
        yield line(
            span(Bilingual("no update was made yet: `train 20` makes some", "还没有更新：先执行 `train 20`"), "dim")
        )
        return
    legend = [_named(k, each) for k, each in enumerate(result.values.T)] if several else []
    keys = flow(legend, cells)
    rows = max(LEAST, height - 3 - len(keys)) if height else HEIGHT
    yield from chart(result.updates, [*result.values.T], cells, rows, CURVES)
    yield from keys


def _named(k: int, values: np.ndarray) -> Line:
    ends = f"{brief(float(values[0]), 4)} → {brief(float(values[-1]), 4)}"
    return line(span("━━ ", CURVES[k]), span(f"[{k}] "), span(f"{ends}    ", "dim"))


@picture.register
def _swept(result: Swept, cells: int, height: int | None = None) -> Iterator[Line]:
    cells = cells if height else min(cells, WIDEST)
    yield from sweep_lines(result.sweep, cells, max(LEAST, height - 4) if height else HEIGHT)


def sweep_lines(found: Sweep, cells: int, height: int) -> Iterator[Line]:
    """The loss along one weight, its tangent where it is now, and the least one found."""
    finite = np.isfinite(found.losses)
    if not finite.any():
        yield line(span(Bilingual("no finite loss", "没有有限的损失"), "bad"))
        return
    best = int(np.nanargmin(np.where(finite, found.losses, np.nan)))
    title = Bilingual(
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
    low, high = float(found.losses[finite].min()), float(found.losses[finite].max())
    room = 0.1 * (high - low) or 1.0
    tangent = np.where((found.tangent >= low - room) & (found.tangent <= high + room), found.tangent, np.nan)
    here = (found.x, found.loss, "●" if plain("…") == "…" else "O", "here")
    yield from chart(found.xs, (tangent, found.losses), cells, height, (CURVES[1], CURVES[0]), [here])
    yield line(
        span("━━ ", CURVES[0]),
        span(Bilingual("loss   ", "损失   "), "dim"),
        span("━━ ", CURVES[1]),
        span(Bilingual("tangent: the gradient   ", "切线：梯度   "), "dim"),
        span("● ", "here"),
        span(Bilingual("now", "当前"), "dim"),
    )


@picture.register
def _drawn(result: Drawn, cells: int, height: int | None = None) -> Iterator[Line]:
    yield from map_lines(result.landscape, *((cells, height) if height else ()))


@picture.register
def _pictured(result: Pictured, cells: int, height: int | None = None) -> Iterator[Line]:
    values, cells = np.atleast_1d(result.values), cells if height else min(cells, WIDEST)
    axes = (kept_axes(result.part[0], result.part[1] or ()) if result.part else ()) or (None,) * values.ndim
    good = values[np.isfinite(values)]
    low, high = (brief(float(end), 4) for end in (good.min(), good.max())) if good.size else ("", "")
    told = Bilingual("   from {low} to {high}", "   从 {low} 到 {high}", low=low, high=high)
    yield line(span(result.title, "accent"), span(told if good.size else "", "dim"))
    body = height - 2 if height else 40
    yield from _bars(values, axes[0], cells, body) if values.ndim == 1 else _shades(values, axes, cells, body)


def _bars(values: np.ndarray, axis: Axis | None, cells: int, lines: int) -> Iterator[Line]:
    """A row of numbers as bars; those below zero go to the left of a line."""
    names = _names(axis, values.size)
    at = _spread(values.size, lines)
    numbers = [brief(float(values[k]), 4) for k in at]
    wide, digits = max(width(names[k]) for k in at), max(map(len, numbers))
    room = max(6, cells - wide - digits - 4)
    good = np.where(np.isfinite(values), values, 0.0)
    below, above = max(0.0, -float(good.min())), max(0.0, float(good.max()))
    largest = max(below, above) or 1.0  # whose bar is 1 long; a sum of both may be beyond all numbers
    zero = round(room * (below / largest) / ((below / largest + above / largest) or 1.0))
    longest = (room - zero) / (above / largest) if above else zero / (below / largest) if below else 0.0
    for k, number in zip(at, numbers, strict=True):
        size = round(abs(float(good[k])) / largest * longest)
        bar = span("█" * size, "less" if good[k] < 0 else "more")
        gap = span(" " * (zero - size if good[k] < 0 else zero))
        yield line(span(right(names[k], wide), "dim"), span(f" {right(number, digits)} ", "number"), gap, bar)
    yield from _left_out(values.size, len(at))


def _shades(values: np.ndarray, axes: tuple[Axis | None, ...], cells: int, lines: int) -> Iterator[Line]:
    """A matrix as shades, two columns a number; a probability in another colour."""
    rows, columns = _names(axes[0], values.shape[0]), _names(axes[1], values.shape[1])
    down = _spread(values.shape[0], lines - 1)
    margin = max(width(rows[i]) for i in down)
    room = cells - margin - 1
    wide = max(2, min(NUMBERED, room // values.shape[1]))
    across = _spread(values.shape[1], max(2, room // wide))
    finite = np.where(np.isfinite(values), values, 0.0)
    shares = bool((finite >= 0).all() and (finite <= 1).all() and np.allclose(finite.sum(-1), 1, atol=1e-3))
    bound = 1.0 if shares else float(np.abs(finite).max()) or 1.0
    levels = np.sign(finite) * np.minimum(LEVELS, np.round(np.abs(finite) / bound * LEVELS + 0.3))
    levels = np.where(finite == 0, 0, levels).astype(int)
    kind = ("share" if shares else "shade") + ("d" if wide == NUMBERED else "")
    yield line(" " * (margin + 1), span(_heads([columns[j] for j in across], wide), "dim"))
    for i in down:
        places = []
        for j in across:
            level = int(levels[i, j])
            number = next(text for n in (3, 2, 1) if len(text := brief(float(values[i, j]), n)) < wide or n == 1)
            text = right(f"{number} ", wide) if wide == NUMBERED else _cell(level, shares, wide)
            places.append((text, f"{kind}{level}"))
        runs = (span("".join(text for text, _ in run), role) for role, run in groupby(places, key=lambda each: each[1]))
        yield line(span(right(rows[i], margin), "dim"), " ", *runs)
    yield from _left_out(values.size, len(down) * len(across))


def _cell(level: int, shares: bool, wide: int) -> str:
    if shares and plain("…") == "…":
        return _SHARES[abs(level)] * wide
    return _SIGNED[abs(level)].format(s="+" if level > 0 else "-").center(wide)


def _heads(names: list[str], wide: int) -> str:
    """Labels over the columns: all over wide ones, over narrow ones as many as there is room for."""
    if wide == NUMBERED:
        return "".join(right(f"{clip(name, wide - 1)} ", wide) for name in names)
    text, at = "", 0
    for k, name in enumerate(names):
        if wide * k >= at and width(name) <= wide * (len(names) - k):
            text = left(text, wide * k) + name
            at = wide * k + width(name) + 1
    return text


def _names(axis: Axis | None, size: int) -> list[str]:
    if axis is None:
        return [str(k) for k in range(size)]
    named = labels(axis, size)
    return [named[k] for k in range(size)]


def _spread(count: int, room: int) -> list[int]:
    """Which of so many there is room for: all, or some at even distances."""
    room = max(1, room)
    return [*range(count)] if count <= room else [int(k) for k in np.linspace(0, count - 1, room).round()]


def _left_out(count: int, shown: int) -> Iterator[Line]:
    if shown < count:
        text = Bilingual("{shown} of {count} numbers", "{count} 个数中的 {shown} 个", shown=shown, count=count)
        yield line(span(text, "dim"))
