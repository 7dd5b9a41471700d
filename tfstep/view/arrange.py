"""Where the matrices of a board stand: side by side where there is room, else below each other, else smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tfstep.view.grid import Grid
from tfstep.view.number import Style
from tfstep.view.width import width

HEAT_CELL = 2
TOP = 2  # the lines above the numbers: title, column labels
GAP = 2
LEAST_SHARE = 16  # cells below which a matrix is better left out


@dataclass(frozen=True, eq=False)
class Piece:
    """A matrix on the board with the sign before it, and rows that stand under it (a bias under its weights)."""

    sign: str
    grid: Grid
    under: tuple[Grid, ...] = ()
    summary: bool = False


@dataclass(frozen=True, eq=False)
class Placed:
    """A matrix at its place: ``width`` and ``height`` are all the room it has, its labels included.

    ``style`` is how its numbers are written, None for a heat map. A row that stands under a matrix has no ``top``.
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

    @property
    def rows(self) -> int:
        """How many rows of numbers can be seen."""
        return max(0, self.height - self.top - self.summary)

    @property
    def columns(self) -> int:
        """How many columns of numbers can be seen."""
        return max(1, (self.width - self.label) // self.cell)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """All matrices at their places, and the signs between them as (x, y, text)."""

    placed: tuple[Placed, ...]
    signs: tuple[tuple[int, int, str], ...]
    height: int


@dataclass(frozen=True, eq=False)
class _Size:
    piece: Piece
    label: int
    cell: int
    style: Style | None
    tight: bool

    @property
    def width(self) -> int:
        return max(self.label + self.cell * self.piece.grid.breadth, min(self.title, 24))

    @property
    def title(self) -> int:
        return width(self.piece.grid.title)

    @property
    def height(self) -> int:
        return TOP + self.piece.grid.height + len(self.piece.under) + self.piece.summary


def arrange(pieces: Sequence[Piece], cells: int, lines: int, heat: bool = False) -> Arrangement:
    """The best arrangement of the pieces in so many cells and lines."""
    if not pieces:
        return Arrangement((), (), 0)
    for shaded in (_none, _bystander) if not heat else ():
        for tight in (False, True):
            for digits, wrapped in ((3, False), (2, False), (3, True), (2, True)):
                rows = _rows([_size(piece, digits, shaded(piece), tight) for piece in pieces], cells, wrapped)
                if rows is not None and _height(rows) <= lines:
                    return _at_places(rows, lines)
        for digits in (3, 2):
            rows = _rows([_size(piece, digits, shaded(piece)) for piece in pieces], cells, False)
            if rows is not None:
                return _at_places(rows, lines)
    rows = _rows([_size(piece, 0, heat=True) for piece in pieces], cells, False)
    if rows is not None:
        return _at_places(rows, lines)
    if len(pieces) > 3 or (len(pieces) > 1 and cells < LEAST_SHARE * len(pieces)):
        return arrange([*pieces[:-2], pieces[-1]], cells, lines, heat)  # without the last operand
    return _squeezed(pieces, cells, lines, heat)


def _height(rows: list[list[_Size]]) -> int:
    return sum(max(size.height for size in row) for row in rows) + (0 if rows[0][0].tight else len(rows) - 1)


def _none(piece: Piece) -> bool:
    return False


def _bystander(piece: Piece) -> bool:
    """Whether a matrix can do with shades: it is neither the result nor the one that the cursor is in."""
    return not (piece.summary or piece.grid.focused or any(under.focused for under in piece.under))


def _size(piece: Piece, digits: int, heat: bool = False, tight: bool = False) -> _Size:
    """The room that a piece takes; ``tight`` leaves out the summary and the space behind every number."""
    if tight:
        under = tuple(replace(each, title=each.title.lstrip("+ ")) for each in piece.under)
        piece = replace(piece, summary=False, under=under)
    label = max([piece.grid.rows.width, *(width(under.title) for under in piece.under)])
    label += 1 if label else 0
    if heat:
        return _Size(piece, label, HEAT_CELL, None, tight)
    style = max((g.style(digits) for g in (piece.grid, *piece.under)), key=lambda s: s.cells)
    header = 0 if piece.grid.breadth > 64 else min(4 if tight else 6, piece.grid.columns.width)
    return _Size(piece, label, max(style.cells, header) + (1 if tight else 2), style, tight)


def _rows(sizes: list[_Size], cells: int, wrapped: bool) -> list[list[_Size]] | None:
    """The pieces in rows, or None where they do not fit."""
    rows: list[list[_Size]] = [[]]
    used = 0
    for size in sizes:
        need = size.width + (_gap(size) if used or size.piece.sign not in ("", "→") else 0)
        if used and used + need > cells:
            if not wrapped:
                return None
            rows.append([])
            used, need = 0, size.width + _gap(size)
        rows[-1].append(size)
        used += need
        if used > cells:
            return None
    return rows


def _gap(size: _Size) -> int:
    around = 1 if size.tight else GAP
    return width(size.piece.sign) + 2 * around if size.piece.sign else around + 1


def _at_places(rows: list[list[_Size]], lines: int) -> Arrangement:
    placed: list[Placed] = []
    signs: list[tuple[int, int, str]] = []
    y = 0
    for row in rows:
        tall = min(max(size.height for size in row), max(lines - y, TOP + 1))
        x = 0
        for size in row:
            sign, around = size.piece.sign, 1 if size.tight else GAP
            if sign and (x or y):
                signs.append(
                    (x + (around if x else 0), y + TOP + max(0, (min(size.height, tall) - TOP - 1) // 2), sign)
                )
            x += (_gap(size) if x else width(sign) + around) if (x or (sign and y)) else 0
            placed.extend(_stack(size, x, y, size.width, min(size.height, tall)))
            x += size.width
        y += tall + (not row[0].tight)
    return Arrangement(tuple(placed), tuple(signs), y - (not rows[-1][0].tight))


def _stack(size: _Size, x: int, y: int, wide: int, tall: int) -> Iterator[Placed]:
    piece = size.piece
    own = tall - len(piece.under)
    yield Placed(piece.grid, x, y, wide, own, size.label, size.cell, size.style, TOP, piece.summary, size.tight)
    for k, under in enumerate(piece.under):
        yield Placed(under, x, y + own + k, wide, 1, size.label, size.cell, size.style, 0, tight=size.tight)


def _squeezed(pieces: Sequence[Piece], cells: int, lines: int, heat: bool) -> Arrangement:
    """All in one row, each with a fair share of the room; what does not fit is scrolled to."""
    room = cells - sum(width(piece.sign) + 2 * GAP for piece in pieces[1:])
    sizes = [_size(piece, 3 if not heat else 0, heat) for piece in pieces]
    shares = _shares([size.width for size in sizes], room)
    placed: list[Placed] = []
    signs: list[tuple[int, int, str]] = []
    x = 0
    for k, (size, share) in enumerate(zip(sizes, shares, strict=True)):
        if size.label + 2 * size.cell > share:
            size = _size(size.piece, 0, heat=True)
        if k:
            signs.append((x + GAP, TOP + min(size.height, lines) // 2 - 1, size.piece.sign))
            x += width(size.piece.sign) + 2 * GAP
        placed.extend(_stack(size, x, 0, share, min(size.height, lines)))
        x += share
    return Arrangement(tuple(placed), tuple(signs), lines)


def _shares(wanted: list[int], room: int) -> list[int]:
    """What each gets: small ones all they want, the others the same."""
    shares = [0] * len(wanted)
    left, open_ = room, sorted(range(len(wanted)), key=lambda k: wanted[k])
    while open_:
        k = open_.pop(0)
        shares[k] = max(4, min(wanted[k], left // (len(open_) + 1)))
        left -= shares[k]
    return shares
