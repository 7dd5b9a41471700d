"""Matrices that are too large to be seen whole: all in one row, each with a share of the room, scrolled."""

from __future__ import annotations

from collections.abc import Sequence

from tfstep.view.board.places import Arrangement, Piece, Placed
from tfstep.view.board.sizes import GAP, TOP, Size, size, stack
from tfstep.view.frame.view_state import Drawing
from tfstep.view.text.width import width

FEW = 6  # columns of numbers: of a matrix that stands by, fewer say less than its shades do
WORDED = 6  # and how much more words with their numbers do
WEIGHT = 2  # how much more room numbers get than shades


def share_width(
    pieces: Sequence[Piece], cells: int, lines: int, drawing: Drawing, shades: bool = True, tight: bool = False
) -> Arrangement:
    """Small matrices get all that they want, the others share the rest; what does not fit is scrolled to. Those that
    stand by may become ``shades``."""
    room = cells - sum(width(piece.sign) + 2 * GAP for piece in pieces[1:])
    sizes = [size(piece, drawing.digits or 3, drawing.drawn == "heat", tight) for piece in pieces]
    shares = _shares(sizes, room)
    if drawing.drawn == "auto":
        if shades:
            sizes = [_shaded(each, share) for each, share in zip(sizes, shares, strict=True)]
        shares = _shares(sizes, room)
        sizes = [_seen(each, share) for each, share in zip(sizes, shares, strict=True)]
    placed: list[Placed] = []
    signs: list[tuple[int, int, str]] = []
    x = 0
    for k, (each, share) in enumerate(zip(sizes, shares, strict=True)):
        if k:
            signs.append((x + GAP, TOP + min(each.height, lines) // 2 - 1, each.piece.sign))
            x += width(each.piece.sign) + 2 * GAP
        wide = min(share, each.label + each.cell * max(_columns(each, share), -(-each.title // each.cell)))
        placed.extend(stack(each, x, 0, wide, min(each.height, lines), drawing.drawn != "numbers"))
        x += wide
    return Arrangement(tuple(placed), tuple(signs), lines)


def _columns(each: Size, share: int) -> int:
    """How many columns can be seen in a share of the room."""
    return min(each.piece.grid.breadth, max(1, (share - each.label) // each.cell))


def _shaded(each: Size, share: int) -> Size:
    """In shades where its numbers would have to be scrolled a few columns at a time, and it only stands by."""
    seen = _columns(each, share)
    stands_by = not (each.piece.summary or any(grid.focused for grid in each.piece.grids))
    if seen < each.piece.grid.breadth and seen < FEW and stands_by:
        return size(each.piece, 0, heat=True)
    return each


def _seen(each: Size, share: int) -> Size:
    """In shades where not even two columns of numbers can be seen."""
    least = 1 if each.piece.grid.order is not None else 2
    return each if _columns(each, share) >= min(least, each.piece.grid.breadth) else size(each.piece, 0, heat=True)


def _weight(each: Size) -> int:
    """How much of the room it gets beside others: numbers more than shades, words with their numbers most."""
    if each.style is None:
        return 1
    return WORDED if each.piece.grid.order is not None and each.piece.summary else WEIGHT


def _shares(sizes: Sequence[Size], room: int) -> list[int]:
    """What each gets: small ones all they want; the others by their weight."""
    wanted = [each.width for each in sizes]
    weights = [_weight(each) for each in sizes]
    shares = [0] * len(sizes)
    left = room
    open_ = sorted(range(len(sizes)), key=lambda k: wanted[k] / weights[k])
    while open_:
        fair = left / sum(weights[k] for k in open_)
        k = open_.pop(0)
        shares[k] = max(4, min(wanted[k], int(fair * weights[k])))
        left -= shares[k]
    return shares
