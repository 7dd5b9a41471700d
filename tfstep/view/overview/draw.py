"""An overview in lines: tables in numbers; pictures of two cells a character where there is no room for them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tfstep.view.matrix.grid import LEVELS
from tfstep.view.overview.tables import Overview, Table
from tfstep.view.text.number import plain
from tfstep.view.text.spans import Line, Span, clipped, line
from tfstep.view.text.symbols import is_ascii
from tfstep.view.text.width import clip, left, right, width

Place = tuple[int, int, int]  # table, row, column
MORE = 6  # cells to say how many columns follow
CELL = 10  # the widest that a number or a word gets
_SIGNS = " .:-=+*#@"  # of shares, where only ASCII may be shown
_DARK = " ··░░▒▒▓█"  # and where there are no colours, or only a few


def drawn(found: Overview, at: Place, cells: int, lines: int, bare: bool = False) -> list[Line]:
    """The tables in so many cells and lines, the one with the cursor always among them; ``bare`` without the many
    colours that a picture needs."""
    if not found.dense:
        return _in_numbers(found, at, cells, lines)
    shown = _in_numbers(found, at, cells, lines) if len(found.tables) == 1 else []
    return shown if shown and _fits(found.tables[0], cells, lines) else _pictures(found, at, cells, lines, bare)


def _fits(table: Table, cells: int, lines: int) -> bool:
    rows, columns = len(table.rows), len(table.columns)
    return max(map(width, table.rows), default=0) + 1 + columns * 7 <= cells and rows + 2 <= lines


def _level(value: float, bound: float) -> int:
    if not math.isfinite(value) or not bound:
        return 0
    level = min(LEVELS, round(abs(value) / bound * LEVELS + 0.3))
    return level if value > 0 else -level


def _bound(tables: Sequence[Table]) -> float:
    sizes = [np.abs(each.values[np.isfinite(each.values)]).max(initial=0.0) for each in tables]
    return float(max(sizes, default=0.0))


def _in_numbers(found: Overview, at: Place, cells: int, lines: int) -> list[Line]:
    """One table below the other, scrolled to the cursor."""
    lines_: list[Line] = []
    here = 0
    role = "shared" if found.scale == "probability" else "shaded"
    for k, table in enumerate(found.tables):
        label = min(max(map(width, table.rows), default=0), cells // 3) + 1
        texts = table.said or [
            [("-" if v != v else plain(v, sign=False)) for v in row] for row in table.values.tolist()
        ]
        cell = min(CELL, max([5, *(width(each) for row in texts for each in row), *map(width, table.columns)])) + 1
        seen = max(1, (cells - label) // cell)
        if seen < len(table.columns):
            seen = max(1, (cells - label - MORE) // cell)
        row, column = (at[1], at[2]) if at[0] == k else (-1, -1)
        first = max(0, min(column - seen + 1, len(table.columns) - 1))
        stop = min(len(table.columns), first + seen)
        head = [
            Span(right(clip(table.columns[j], cell - 1), cell), "key" if j == column else "dim")
            for j in range(first, stop)
        ]
        more = len(table.columns) - stop
        lines_ += [line(Span(" " * label), *head, Span(f" +{more} →" if more else "", "accent"))]
        bound = 1.0 if found.scale == "probability" else _bound(found.tables)
        for i, name in enumerate(table.rows):
            if i == row:
                here = len(lines_)
            spans = [Span(right(clip(name, label - 1), label - 1) + " ", "key" if i == row else "dim")]
            for j in range(first, stop):
                text, lit = texts[i][j], (i, j) == (row, column)
                mark = "▐" if lit else " "
                level = _level(float(table.values[i, j]), bound)
                spans.append(Span(mark, "accent"))
                spans.append(Span(right(clip(text, cell - 1), cell - 1), "accent" if lit else f"{role}{level}"))
            lines_.append(tuple(spans))
        lines_.append(())
    top = max(0, min(here - lines // 2, len(lines_) - lines))
    return [clipped(each, cells) for each in lines_[top : top + lines]]


def _pictures(found: Overview, at: Place, cells: int, lines: int, bare: bool) -> list[Line]:
    """All tables beside and below each other, as small as it takes: several cells become one, by the largest."""
    rows, columns = found.tables[0].values.shape
    n = len(found.tables)
    for factor in range(1, max(rows, columns) + 1):
        wide, tall = max(8, -(-columns // factor)), -(-rows // factor)
        across = max(1, (cells + 2) // (wide + 2))
        high = (1 + -(-tall // 2)) * -(-n // across) + -(-n // across) - 1
        if high <= lines and wide <= cells:
            break
    bound = _bound(found.tables)
    lines_: list[Line] = []
    for first in range(0, n, across):
        part = found.tables[first : first + across]
        drawn_ = [_picture(each, at, first + k, factor, wide, bound, bare) for k, each in enumerate(part)]
        for y in range(len(drawn_[0])):
            spans: list[Span] = []
            for each in drawn_:
                spans += [*each[y], Span("  ")]
            lines_.append(tuple(spans))
        lines_.append(())
    return [clipped(each, cells) for each in lines_[:lines]]


def _picture(table: Table, at: Place, k: int, factor: int, wide: int, bound: float, bare: bool) -> list[Line]:
    small = _pooled(table.values, factor)
    cursor = (at[1] // factor, at[2] // factor) if at[0] == k else None
    title = line(Span(left(clip(table.title, wide), wide), "accent" if cursor else "strong"))
    found = [title]
    for y in range(0, small.shape[0], 2):
        spans = []
        for x in range(small.shape[1]):
            upper = _level(float(small[y, x]), bound)
            lower = _level(float(small[y + 1, x]), bound) if y + 1 < small.shape[0] else 0
            lit = cursor is not None and cursor[1] == x and cursor[0] in (y, y + 1)
            spans.append(_half(upper, lower, lit, cursor is not None and cursor[0] == y, bare))
        found.append((*spans, Span(" " * (wide - small.shape[1]))))
    return found


def _half(upper: int, lower: int, lit: bool, above: bool, bare: bool) -> Span:
    """Two cells of a picture as one character; without colours or symbols by how dark they are together."""
    if bare or is_ascii():
        signs, here = (_SIGNS, "X") if is_ascii() else (_DARK, "◆")
        return Span(here if lit else signs[min(LEVELS, max(abs(upper), abs(lower)))], "accent" if lit else "")
    if lit:
        return Span("▀" if above else "▄", "accent")
    return Span("▀", f"half{upper}:{lower}")


def _pooled(values: np.ndarray, factor: int) -> np.ndarray:
    """Of every block of so many rows and columns the number of the largest size."""
    if factor == 1:
        return values
    rows, columns = values.shape
    found = np.zeros((-(-rows // factor), -(-columns // factor)))
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            block = values[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor].ravel()
            found[i, j] = block[np.nan_to_num(np.abs(block)).argmax()]
    return found
