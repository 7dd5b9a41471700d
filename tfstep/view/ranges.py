"""Colour ranges: matrices that are to be compared by their shades end their scale at the same size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tfstep.view.grid import Grid
from tfstep.view.places import Piece


def one_range(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with one range for all signed matrices: a shade stands for the same number in each."""
    bound = max((grid.span.bound for piece in pieces for grid in piece.grids if grid.scale == "signed"), default=0.0)
    return tuple(
        replace(piece, grid=_ending(piece.grid, bound), under=tuple(_ending(each, bound) for each in piece.under))
        for piece in pieces
    )


def _ending(grid: Grid, bound: float) -> Grid:
    return replace(grid, bound=bound) if grid.scale == "signed" else grid
