"""A curve drawn with characters: what the loss does over the updates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfstep.view.export.layout import line, right, span
from tfstep.view.export.numbers import brief
from tfstep.view.text.spans import Line

HEIGHT = 10
_DOT = "•"


def curve(values: Sequence[float], cells: int = 72) -> list[Line]:
    """The values from left to right, numbered from 0, about ``cells`` columns wide.

    Numbers that are not finite leave a gap.
    """
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return []
    low, high = min(finite), max(finite)
    wide = max(1, min(len(values), cells - 12))
    shown = [values[k * (len(values) - 1) // max(1, wide - 1)] for k in range(wide)]
    levels = [_level(v, low, high) for v in shown]
    labels = {HEIGHT - 1: brief(high), 0: brief(low)}
    lines: list[Line] = []
    for level in range(HEIGHT - 1, -1, -1):
        dots = "".join(_DOT if each == level else " " for each in levels)
        lines.append((*right(span(labels.get(level, ""), "dim"), 10), *line(span(" │", "dim"), span(dots, "accent"))))
    lines.append(line(" " * 10, span(" └" + "─" * wide, "dim")))
    last = f"{len(values) - 1:>{wide - 1}}" if wide > 1 else ""
    lines.append(line(" " * 12, span(f"0{last}", "dim")))
    return lines


def _level(value: float, low: float, high: float) -> int | None:
    if not math.isfinite(value):
        return None
    return round((value - low) / (high - low) * (HEIGHT - 1)) if high > low else 0
