"""Panels of one size in rows, as large as they can be; of too many, the page with the present one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tfstep.view.board.places import Arrangement, Piece, Placed
from tfstep.view.board.sizes import GAP, TOP, Size, size, stack
from tfstep.view.frame.view_state import Drawing

FEWEST = 4  # rows and columns of a panel that is scrolled


def gallery(pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing) -> Arrangement:
    """The panels at their places."""
    sizes: list[Size] = []
    for sizes in _tries(pieces, drawing):
        across, down = _grid(sizes[0], cells, lines)
        if across * down >= len(pieces) and sizes[0].width <= cells and sizes[0].height <= lines:
            break
    across, down = _grid(sizes[0], cells, lines)
    if across * down < len(pieces) and (found := _windows(sizes, cells, lines, drawing)):
        return found
    here = next((k for k, piece in enumerate(pieces) if piece.grid.focused), 0)
    first = here - here % (across * down)
    wide, tall = min(sizes[0].width, cells), min(sizes[0].height, lines)
    placed: list[Placed] = []
    for k, each in enumerate(sizes[first : first + across * down]):
        x, y = k % across * (wide + GAP), k // across * (tall + (not each.tight))
        placed.extend(stack(each, x, y, wide, tall, drawing.drawn != "numbers"))
    return Arrangement(tuple(placed), (), max((each.y + each.height for each in placed), default=0))


def _windows(sizes: Sequence[Size], cells: int, lines: int, drawing: Drawing) -> Arrangement | None:
    """All panels, of each the part around the cursor; None where of each too little would be seen."""
    best: tuple[int, int, int] | None = None
    for across in range(1, len(sizes) + 1):
        down = -(-len(sizes) // across)
        wide = (cells + GAP) // across - GAP
        tall = (lines + 1) // down - 1
        columns, rows = (wide - sizes[0].label) // sizes[0].cell, tall - TOP
        if columns >= FEWEST and rows >= FEWEST:
            best = max(best or (0, 0, 0), (min(columns, rows), across, down))
    if best is None:
        return None
    _, across, down = best
    wide, tall = (cells + GAP) // across - GAP, (lines + 1) // down - 1
    wide = sizes[0].label + (wide - sizes[0].label) // sizes[0].cell * sizes[0].cell
    wide, tall = min(wide, sizes[0].width), min(tall, sizes[0].height)
    placed: list[Placed] = []
    for k, each in enumerate(sizes):
        bare = replace(each, piece=replace(each.piece, summary=False))
        x, y = k % across * (wide + GAP), k // across * (tall + 1)
        placed.extend(stack(bare, x, y, wide, tall, drawing.drawn != "numbers"))
    return Arrangement(tuple(placed), (), max(each.y + each.height for each in placed))


def _grid(each: Size, cells: int, lines: int) -> tuple[int, int]:
    """How many panels stand beside and below each other."""
    tall = min(each.height, lines) + (not each.tight)
    return max(1, (cells + GAP) // (min(each.width, cells) + GAP)), max(1, (lines + 1) // tall)


def _tries(pieces: Sequence[Piece], drawing: Drawing) -> Iterator[list[Size]]:
    """The sizes that the panels may have, the largest first."""
    if drawing.drawn != "heat":
        for tight in (False, True):
            for digits in (drawing.digits,) if drawing.digits else (3, 2):
                yield _alike([size(piece, digits, tight=tight) for piece in pieces])
    if drawing.drawn != "numbers":
        for tight in (False, True):
            yield _alike([size(piece, 0, heat=True, tight=tight) for piece in pieces])


def _alike(sizes: list[Size]) -> list[Size]:
    """All as the widest of them, so that they stay where they are when another is turned to."""
    widest = max(sizes, key=lambda each: each.cell)
    label = max(each.label for each in sizes)
    return [replace(each, label=label, cell=widest.cell, style=widest.style) for each in sizes]
