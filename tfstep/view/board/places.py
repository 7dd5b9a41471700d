"""The matrices of a board, and the places that they are given."""

from __future__ import annotations

from msgspec import Struct

from tfstep.view.matrix.grid import Grid
from tfstep.view.text.number import Style


class Piece(Struct, frozen=True, eq=False):
    """A matrix on the board with the sign before it, and rows that stand under it (a bias under its weights).

    A ``panel`` is one of several alike, which all have the same size.
    """

    sign: str
    grid: Grid
    under: tuple[Grid, ...] = ()
    summary: bool = False
    panel: bool = False

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The matrix and the rows under it."""
        return (self.grid, *self.under)


class Placed(Struct, frozen=True, eq=False):
    """A matrix at its place: ``width`` and ``height`` are all the room it has, its labels included.

    ``style`` is how its numbers are written, None for a heat map; ``shaded`` puts a shade behind them.
    A row that stands under a matrix has no ``top``.
    """

    grid: Grid
    x: int
    y: int
    width: int
    height: int
    label: int
    cell: int
    style: Style | None
    top: int
    summary: bool = False
    tight: bool = False
    shaded: bool = True

    @property
    def rows(self) -> int:
        """How many rows of numbers can be seen."""
        return max(0, self.height - self.top - self.summary)

    @property
    def columns(self) -> int:
        """How many columns of numbers can be seen."""
        return max(1, (self.width - self.label) // self.cell)


class Arrangement(Struct, frozen=True, eq=False):
    """All matrices at their places, and the signs between them as (x, y, text)."""

    placed: tuple[Placed, ...]
    signs: tuple[tuple[int, int, str], ...]
    height: int
