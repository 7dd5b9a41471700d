"""The numbers of a matrix in the order of their size: where the largest stands, the second largest, the smallest."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from tfstep.text import Bilingual, language
from tfstep.view.matrix.grid import MANY, Grid
from tfstep.view.matrix.memo import remembered
from tfstep.view.text.number import HUGE

MOST = 1000  # numbers at either end that are put in order; those between them are passed over


class Order(Struct, frozen=True, eq=False):
    """``count`` numbers by size; ``first`` and ``last`` are the places, in reading order, of those at the ends."""

    count: int
    first: np.ndarray
    last: np.ndarray
    columns: int

    def place(self, rank: int) -> tuple[int, int]:
        """Row and column of the number of this rank: 1 for the largest, ``count`` for the smallest."""
        found = self.first[rank - 1] if rank <= len(self.first) else self.last[rank - self.count - 1]
        row, column = divmod(int(found), self.columns)
        return row, column

    def after(self, rank: int, by: int) -> int:
        """The rank that comes after this one, round the end; those that are in no order are passed over."""
        rank = (rank + by - 1) % self.count + 1
        if len(self.first) < rank <= self.count - len(self.last):
            rank = self.count - len(self.last) + 1 if by > 0 else len(self.first)
        return rank


def order(grid: Grid) -> Order:
    """The order of the numbers of a matrix; masked ones and those that are no number have no part in it."""
    return _order(grid) if grid.values.size < MANY else remembered("order", grid.values, lambda: _order(grid))


def _order(grid: Grid) -> Order:
    with np.errstate(invalid="ignore"):
        sizes = np.abs(grid.values.astype(float)).ravel()
        known = sizes < HUGE
    if grid.hidden is not None:
        known &= (grid.hidden == 0).ravel()
    places = np.flatnonzero(known)
    sizes = sizes[places]
    if len(places) <= 2 * MOST:
        found = places[np.argsort(-sizes, kind="stable")]
        return Order(len(places), found, found[:0], grid.breadth)
    parted = np.argpartition(sizes, (MOST, len(sizes) - MOST))
    first, last = parted[-MOST:], parted[:MOST]
    first, last = (each[np.argsort(-sizes[each], kind="stable")] for each in (first, last))
    return Order(len(places), places[first], places[last], grid.breadth)


def rank_named(rank: int, count: int) -> Bilingual:
    """``3rd largest of 12``, or from the other end ``2nd smallest of 12``."""
    if rank <= (count + 1) // 2:
        return Bilingual("{nth}largest of {all}", "排第 {nth}大（共 {all} 个）", nth=_nth(rank), all=count)
    return Bilingual("{nth}smallest of {all}", "排第 {nth}小（共 {all} 个）", nth=_nth(count - rank + 1), all=count)


def _nth(rank: int) -> str:
    if language() == "zh":
        return f"{rank} "
    if rank == 1:
        return ""
    ending = "th" if rank // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending} "
