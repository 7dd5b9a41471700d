"""One matrix, ready to draw: a plane of a tensor, with its labels and with what marks its cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct, field

from tfstep.view.matrix.labels import NO_LABELS, Labels
from tfstep.view.matrix.memo import remembered
from tfstep.view.text.number import COMING, HUGE, Stats, Style, stats, style_for
from tfstep.view.text.width import clip, left

MANY = 10_000  # cells of a plane from which its stats are worth remembering
WORD = 8  # cells of a word that stands before its number
ALL = slice(None)
LEVELS = 8  # shades on either side of zero
NO_STATS = Stats(0.0, 0.0, 0.0, 0, False)
HATCHED, CHANGED, PINNED, LIT, CURSOR, SPOKEN = 1, 2, 4, 8, 16, 32


class Grid(Struct, frozen=True, eq=False, dict=True):
    """A plane of a tensor. ``key`` tells it from others on the board; ``at(row, column)`` is the tensor's cell.

    ``scale`` is ``signed``, ``probability`` or ``whole``. ``hidden`` holds the reasons of masked cells,
    ``before`` the numbers before the edit, ``pinned`` the cells that are held. Matrices of one ``group``
    are compared with each other: they are scrolled together.
    ``slope`` is the gradient, where the shades are to show that and not the numbers themselves.
    ``bare`` leaves a dash where there is no number, for there is nothing to be compared with.
    ``order`` is the tensor's column at each place, where every row has an order of its own, and ``words`` its labels.
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
    spoken: frozenset[tuple[int, int]] = frozenset()  # what a lesson speaks of
    cursor: tuple[int, int] | None = None
    toward: tuple[int, int] | None = None  # the place to scroll to where it has no cursor: that of the result's
    focused: bool = False
    group: str = ""
    slope: np.ndarray | None = None
    bare: bool = False
    rounded: int = 0  # numbers that are 0 but for rounding, and are shown as 0
    order: np.ndarray | None = None  # (rows, columns)
    words: Labels = NO_LABELS
    coming: bool = False  # its numbers are still to be computed: there are none in ``values``
    room: Stats | None = None  # then: the range whose numbers have the width that is kept for them
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
        return self._stats(self.values)

    @cached_property
    def span(self) -> Stats:
        """The least and the largest number, before the edit and now: what is shown of both has one width and one
        range of colours."""
        if self.coming:
            return self.room or NO_STATS
        return self.stats if self.before is None else self.stats.joined(self._stats(self.before))

    @property
    def end(self) -> float:
        """Where its own colours end: at the largest size; shares of 1 at the next of 1, ½, ¼ … above."""
        bound = self.span.bound
        if self.scale != "probability" or not bound:
            return bound
        return min(1.0, 2.0 ** math.ceil(math.log2(bound)))

    def _stats(self, values: np.ndarray) -> Stats:
        if values.size < MANY:
            return self._found(values)
        return remembered(("stats", self.hidden is None), values, lambda: self._found(values))

    def _found(self, values: np.ndarray) -> Stats:
        return stats(values, None if self.hidden is None else self.hidden != 0)

    def style(self, digits: int) -> Style:
        """How its numbers are written with about ``digits`` digits."""
        if digits not in self._styles:
            self._styles[digits] = style_for(self.span, digits, self.scale == "probability")
        return self._styles[digits]

    def moved(self, rows: slice = ALL, columns: slice = ALL) -> np.ndarray | None:
        """Which cells of a part are not what they were before the edit; None where nothing is known of it."""
        if self.before is None:
            return None
        was, now = self.before[rows, columns], self.values[rows, columns]
        differs: np.ndarray = was != now
        if was.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                differs &= ~(np.isnan(was) & np.isnan(now))
        return differs

    def at(self, row: int, column: int) -> tuple[int, ...]:
        """The tensor's cell at a place of the plane."""
        if self.rank == 0:
            return ()
        if self.rank == 1:
            return (row if self.turned else column,)
        return (*self.lead, column, row) if self.turned else (*self.lead, row, self.column(row, column))

    def column(self, row: int, column: int) -> int:
        """The tensor's column at a place."""
        return column if self.order is None else int(self.order[row, column])

    def place(self, cell: Sequence[int]) -> tuple[int, int] | None:
        """Where a cell of the tensor stands in the plane, or None when it is not in it."""
        if self.rank == 0:
            return (0, 0)
        if self.rank == 1:
            return (cell[-1], 0) if self.turned else (0, cell[-1])
        if tuple(cell[:-2]) != self.lead:
            return None
        row, column = cell[-2:]
        if self.order is not None:
            return row, int(np.flatnonzero(self.order[row] == column)[0])
        return (column, row) if self.turned else (row, column)

    def numbers(self, row: int, start: int, stop: int, style: Style) -> list[str]:
        """The texts of part of a row, each as wide as the style says."""
        if self.coming:
            return [COMING] * (stop - start)
        found = [style.text(value) for value in self.values[row, start:stop].tolist()]
        if self.order is not None:
            names = [left(clip(self.words[self.column(row, k)], WORD), WORD) for k in range(start, stop)]
            found = [f"{name} {text}" for name, text in zip(names, found, strict=True)]
        return [text.replace("nan", "  -") for text in found] if self.bare else found

    def levels(self, row: int, start: int, stop: int) -> list[int]:
        """The shades of part of a row, −8 to 8; 0 for masked cells and for those that are no number."""
        if self.scale == "whole" or self.coming:
            return [0] * (stop - start)
        bound = self.bound or self.end
        if bound == 0:
            return [0] * (stop - start)
        found = []
        for value in (self.values if self.slope is None else self.slope)[row, start:stop].tolist():
            share = value / bound
            if share != share or abs(value) >= HUGE:
                found.append(0)
            else:
                level = min(LEVELS, round(abs(share) * LEVELS + 0.3))
                found.append(level if share > 0 else -level)
        if self.hidden is not None:
            found = [0 if hidden else level for level, hidden in zip(found, self.hidden[row, start:stop], strict=True)]
        return found

    def downhill(self, row: int, start: int, stop: int) -> list[int]:
        """Which way the numbers of part of a row are to go for the loss to fall: 1 up, −1 down, 0 nowhere."""
        if self.slope is None:
            return [0] * (stop - start)
        return [(value < 0) - (value > 0) for value in self.slope[row, start:stop].tolist()]

    def marks(self, row: int, start: int, stop: int) -> list[int]:
        """What is to be seen about the cells of part of a row: HATCHED, CHANGED, PINNED … added up."""
        found = [LIT if row == self.lit_row else 0] * (stop - start)
        if self.hidden is not None:
            found = [m | HATCHED * bool(h) for m, h in zip(found, self.hidden[row, start:stop].tolist(), strict=True)]
        moved = self.moved(slice(row, row + 1), slice(start, stop))
        if moved is not None:
            found = [m | CHANGED * c for m, c in zip(found, moved[0].tolist(), strict=True)]
        if self.pinned is not None:
            found = [m | PINNED * p for m, p in zip(found, self.pinned[row, start:stop].tolist(), strict=True)]
        if self.lit_column is not None and start <= self.lit_column < stop:
            found[self.lit_column - start] |= LIT
        for r, c in self.lit_cells:
            if r == row and start <= c < stop:
                found[c - start] |= LIT
        for r, c in self.spoken:
            if r == row and start <= c < stop:
                found[c - start] |= SPOKEN
        if self.cursor is not None and self.cursor[0] == row and start <= self.cursor[1] < stop:
            found[self.cursor[1] - start] |= CURSOR
        return found
