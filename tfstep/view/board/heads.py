"""All heads of a tensor side by side, the present one among them; they have one cursor and one range of colours."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.engine.trace import Tensor, Trace
from tfstep.text import Bilingual
from tfstep.view.board.board import At
from tfstep.view.board.places import Piece
from tfstep.view.board.ranges import one_range
from tfstep.view.matrix.plane import seen

HEAD = "head"


def heads_board(tensor: Tensor, at: At, before: Trace | None) -> tuple[Piece, ...]:
    """A panel for every head. Empty where the tensor has not several."""
    axes = tensor.axes[:-2]
    if HEAD not in axes or tensor.shape[axes.index(HEAD)] < 2:
        return ()
    k, here = axes.index(HEAD), at(tensor)
    pieces = []
    for head in range(tensor.shape[k]):
        cell = (*here[:k], head, *here[k + 1 :])
        title = str(Bilingual("head {n}", "头 {n}", n=head))
        grid = seen(tensor.trace, tensor.node, cell, before=before, title=title)
        grid = replace(grid, key=f"{grid.key}@{head}", cursor=grid.place(cell), focused=head == here[k])
        grid = replace(grid, group=tensor.path)
        pieces.append(Piece("", grid, summary=True, panel=True))
    return one_range(pieces)
