"""Colour ranges: matrices that are to be compared by their shades end their scale at the same size."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tfstep.view.board.places import Piece


def one_range(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with one range for all signed matrices, and one for all shares: a shade stands for the same number in
    each of them."""
    grids = [grid for piece in pieces for grid in piece.grids]
    ends = {scale: max(grid.end for grid in grids if grid.scale == scale) for scale in {grid.scale for grid in grids}}
    return tuple(
        replace(
            piece,
            grid=replace(piece.grid, bound=ends[piece.grid.scale]),
            under=tuple(replace(each, bound=ends[each.scale]) for each in piece.under),
        )
        for piece in pieces
    )
