"""Where the matrices of a board stand: side by side where there is room, else below each other, else smaller."""

from __future__ import annotations

from collections.abc import Sequence

from tfstep.view.board.gallery import gallery
from tfstep.view.board.places import Arrangement, Piece, Placed
from tfstep.view.board.sizes import GAP, TOP, Size, gap, size, stack
from tfstep.view.board.squeeze import share_width
from tfstep.view.frame.view_state import AUTO, Drawing
from tfstep.view.text.width import width

LEAST_SHARE = 16  # cells below which a matrix is better left out


def arrange(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing = AUTO) -> Arrangement:
    """The best arrangement of the pieces in so many cells and lines."""
    if not pieces:
        return Arrangement((), (), 0)
    if pieces[0].panel:
        return gallery(pieces, cells, lines, drawing)
    rows = _fitting(pieces, cells, lines, drawing)
    if rows is not None:
        return _at_places(rows, lines, drawing)
    if len(pieces) > 3 or (len(pieces) > 1 and cells < LEAST_SHARE * len(pieces)):
        return arrange([*pieces[:-2], pieces[-1]], cells, lines, drawing)  # without the last operand
    return share_width(pieces, cells, lines, drawing)


def _fitting(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing) -> list[list[Size]] | None:
    """The pieces in rows with all their columns to be seen, as large as there is room for; None where there is not."""
    widths = (drawing.digits,) if drawing.digits else (3, 2)
    for shaded in {"auto": (_none, _bystander), "numbers": (_none,)}.get(drawing.drawn, ()):
        for tight in (False, True):
            for wrapped in (False, True):
                for digits in widths:
                    rows = _rows([size(piece, digits, shaded(piece), tight) for piece in pieces], cells, wrapped)
                    if rows is not None and _height(rows) <= lines:
                        return rows
        for digits in widths:
            rows = _rows([size(piece, digits, shaded(piece)) for piece in pieces], cells, False)
            if rows is not None:
                return rows
    return None if drawing.drawn == "numbers" else _rows([size(piece, 0, heat=True) for piece in pieces], cells, False)


def _height(rows: list[list[Size]]) -> int:
    return sum(max(each.height for each in row) for row in rows) + (0 if rows[0][0].tight else len(rows) - 1)


def _none(piece: Piece) -> bool:
    return False


def _bystander(piece: Piece) -> bool:
    """Whether a matrix can do with shades: it is neither the result nor the one that the cursor is in."""
    return not (piece.summary or piece.grid.focused or any(under.focused for under in piece.under))


def _rows(sizes: list[Size], cells: int, wrapped: bool) -> list[list[Size]] | None:
    """The pieces in rows, or None where they do not fit."""
    rows: list[list[Size]] = [[]]
    used = 0
    for each in sizes:
        need = each.width + (gap(each) if used or each.piece.sign not in ("", "→") else 0)
        if used and used + need > cells:
            if not wrapped:
                return None
            rows.append([])
            used, need = 0, each.width + gap(each)
        rows[-1].append(each)
        used += need
        if used > cells:
            return None
    return rows


def _at_places(rows: list[list[Size]], lines: int, drawing: Drawing) -> Arrangement:
    placed: list[Placed] = []
    signs: list[tuple[int, int, str]] = []
    y = 0
    shaded = drawing.drawn != "numbers"
    for row in rows:
        tall = min(max(each.height for each in row), max(lines - y, TOP + 1))
        x = 0
        for each in row:
            sign, around = each.piece.sign, 1 if each.tight else GAP
            if sign and (x or y):
                signs.append(
                    (x + (around if x else 0), y + TOP + max(0, (min(each.height, tall) - TOP - 1) // 2), sign)
                )
            x += (gap(each) if x else width(sign) + around) if (x or (sign and y)) else 0
            placed.extend(stack(each, x, y, each.width, min(each.height, tall), shaded))
            x += each.width
        y += tall + (not row[0].tight)
    return Arrangement(tuple(placed), tuple(signs), y - (not rows[-1][0].tight))
