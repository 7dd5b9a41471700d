"""How much room a matrix would like to have: in numbers or in shades, roomy or tight."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tfstep.view.board.places import Piece, Placed
from tfstep.view.matrix.grid import WORD
from tfstep.view.text.number import Style
from tfstep.view.text.width import width

HEAT_CELL = 2
TOP = 2  # the lines above the numbers: title, column labels
GAP = 2
MANY_COLUMNS = 64  # from which on the labels above them do not widen the columns


class Size(Struct, frozen=True, eq=False):
    """The room that a piece would like to have."""

    piece: Piece
    label: int
    cell: int
    style: Style | None
    tight: bool

    @property
    def width(self) -> int:
        """The cells, its labels included."""
        return max(self.label + self.cell * self.piece.grid.breadth, min(self.title, 24))

    @property
    def title(self) -> int:
        """The cells of its title."""
        return width(self.piece.grid.title)

    @property
    def height(self) -> int:
        """The lines."""
        return TOP + self.piece.grid.height + len(self.piece.under) + self.piece.summary


def size(piece: Piece, digits: int, heat: bool = False, tight: bool = False) -> Size:
    """The room that a piece takes; ``tight`` leaves out the summary and the space behind every number."""
    if tight:
        under = tuple(replace(each, title=each.title.lstrip("+ ")) for each in piece.under)
        piece = replace(piece, summary=False, under=under)
    label = max([piece.grid.rows.width, *(width(under.title) for under in piece.under)])
    label += 1 if label else 0
    if heat and piece.grid.scale != "whole":  # integers have no shades
        return Size(piece, label, HEAT_CELL, None, tight)
    style = max((g.style(digits or 2) for g in piece.grids), key=lambda s: s.cells)
    header = 0 if piece.grid.breadth > MANY_COLUMNS else min(5 if tight else 8, piece.grid.columns.width)
    words = 0 if piece.grid.order is None else WORD + 1
    return Size(piece, label, max(style.cells + words, header) + (1 if tight else 2), style, tight)


def gap(each: Size) -> int:
    """The cells between a piece and the one before it, for the sign."""
    around = 1 if each.tight else GAP
    return width(each.piece.sign) + 2 * around if each.piece.sign else around + 1


def stack(wanted: Size, x: int, y: int, wide: int, tall: int, shaded: bool) -> Iterator[Placed]:
    """A piece at its place, with what stands under it."""
    piece = wanted.piece
    own = tall - len(piece.under)
    common = (wanted.label, wanted.cell, wanted.style)
    yield Placed(piece.grid, x, y, wide, own, *common, TOP, piece.summary, wanted.tight, shaded)
    for k, under in enumerate(piece.under):
        yield Placed(under, x, y + own + k, wide, 1, *common, 0, tight=wanted.tight, shaded=shaded)
