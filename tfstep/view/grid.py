"""One matrix, ready to draw: a plane of a tensor, with its labels and with what marks its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tfstep.view.labels import NO_LABELS, Labels
from tfstep.view.number import HUGE, Stats, Style, brief, stats, style_for

MANY = 10_000  # cells of a plane from which its stats are worth remembering
KEPT = 8
LEVELS = 8  # shades on either side of zero
HATCHED, CHANGED, PINNED, LIT, CURSOR = 1, 2, 4, 8, 16


@dataclass(frozen=True, eq=False)
class Grid:
    """A plane of a tensor. ``key`` tells it from others on the board; ``at(row, column)`` is the tensor's cell.

    ``scale`` is ``signed``, ``probability`` or ``whole``. ``hidden`` holds the reasons of masked cells,
    ``before`` the numbers before the edit, ``pinned`` the cells that are held.
    """

    key: str
    title: str
    note: str
    values: np.ndarray  # (rows, columns)
    rows: Labels = NO_LABELS
    columns: Labels = NO_LABELS
    scale: str = "signed"
    lead: tuple[int, ...] = ()
    rank: int = 2
    turned: bool = False
    hidden: np.ndarray | None = None
    before: np.ndarray | None = None
    pinned: np.ndarray | None = None
    lit_row: int | None = None
    lit_column: int | None = None
    lit_cells: frozenset[tuple[int, int]] = frozenset()
    cursor: tuple[int, int] | None = None
    focused: bool = False
    bound: float | None = None  # where the colour scale ends; None: at the largest size
    _styles: dict[int, Style] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.values.shape[0])

    @property
    def breadth(self) -> int:
        """The number of columns."""
        return int(self.values.shape[1])

    @cached_property
    def stats(self) -> Stats:
        """The least, the largest and the mean number."""
        if self.values.size < MANY:
            return stats(self.values, None if self.hidden is None else self.hidden != 0)
        return _kept(self.values, self.hidden)

    def style(self, digits: int) -> Style:
        """How its numbers are written with about ``digits`` digits."""
        if digits not in self._styles:
            self._styles[digits] = style_for(self.stats, digits, self.scale == "probability")
        return self._styles[digits]

    def at(self, row: int, column: int) -> tuple[int, ...]:
        """The tensor's cell at a place of the plane."""
        if self.rank == 0:
            return ()
        if self.rank == 1:
            return (row if self.turned else column,)
        return (*self.lead, column, row) if self.turned else (*self.lead, row, column)

    def place(self, cell: Sequence[int]) -> tuple[int, int] | None:
        """Where a cell of the tensor stands in the plane, or None when it is not in it."""
        if self.rank == 0:
            return (0, 0)
        if self.rank == 1:
            return (cell[-1], 0) if self.turned else (0, cell[-1])
        if tuple(cell[:-2]) != self.lead:
            return None
        row, column = cell[-2:]
        return (column, row) if self.turned else (row, column)

    def numbers(self, row: int, start: int, stop: int, style: Style) -> list[str]:
        """The texts of part of a row, each as wide as the style says."""
        return [style.text(value) for value in self.values[row, start:stop].tolist()]

    def levels(self, row: int, start: int, stop: int) -> list[int]:
        """The shades of part of a row, −8 to 8; 0 for masked cells and for those that are no number."""
        if self.scale == "whole":
            return [0] * (stop - start)
        bound = self.bound or (1.0 if self.scale == "probability" else self.stats.bound)
        if bound == 0:
            return [0] * (stop - start)
        found = []
        for value in self.values[row, start:stop].tolist():
            share = value / bound
            if share != share or abs(value) >= HUGE:
                found.append(0)
            else:
                level = min(LEVELS, round(abs(share) * LEVELS + 0.3))
                found.append(level if share > 0 else -level)
        if self.hidden is not None:
            found = [0 if hidden else level for level, hidden in zip(found, self.hidden[row, start:stop], strict=True)]
        return found

    def marks(self, row: int, start: int, stop: int) -> list[int]:
        """What is to be seen about the cells of part of a row: HATCHED, CHANGED, PINNED, LIT and CURSOR added up."""
        found = [LIT if row == self.lit_row else 0] * (stop - start)
        if self.hidden is not None:
            found = [m | HATCHED * bool(h) for m, h in zip(found, self.hidden[row, start:stop].tolist(), strict=True)]
        if self.before is not None:
            was, now = self.before[row, start:stop], self.values[row, start:stop]
            with np.errstate(invalid="ignore"):
                moved = (was != now) & ~(np.isnan(was) & np.isnan(now)) if was.dtype.kind == "f" else was != now
            found = [m | CHANGED * c for m, c in zip(found, moved.tolist(), strict=True)]
        if self.pinned is not None:
            found = [m | PINNED * p for m, p in zip(found, self.pinned[row, start:stop].tolist(), strict=True)]
        if self.lit_column is not None and start <= self.lit_column < stop:
            found[self.lit_column - start] |= LIT
        for r, c in self.lit_cells:
            if r == row and start <= c < stop:
                found[c - start] |= LIT
        if self.cursor is not None and self.cursor[0] == row and start <= self.cursor[1] < stop:
            found[self.cursor[1] - start] |= CURSOR
        return found

    @property
    def summary(self) -> str:
        """One line on its numbers: from, to, mean."""
        found = self.stats
        if self.values.size <= 1 or found.whole:
            return ""
        mean = found.mean if abs(found.mean) > 1e-12 * found.bound else 0.0
        text = f"{brief(found.least)} … {brief(found.most)}  μ {brief(mean)}"
        return f"{text}  ({found.odd} ▒)" if found.odd else text


_known: dict[tuple[object, ...], tuple[np.ndarray, Stats]] = {}


def _kept(values: np.ndarray, hidden: np.ndarray | None) -> Stats:
    """The stats of a large plane, remembered: the numbers of a trace never change. The array is kept with them,
    so that its address stays its own."""
    place = values.__array_interface__["data"][0]
    key = (place, values.shape, values.strides, values.dtype.str, hidden is None)
    if key not in _known:
        while len(_known) >= KEPT:
            del _known[next(iter(_known))]
        _known[key] = (values, stats(values, None if hidden is None else hidden != 0))
    return _known[key][1]
