"""The cells that a lesson speaks of, marked on the board."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from msgspec.structs import replace

from tfstep.address.indices import Index
from tfstep.engine.trace import Tensor
from tfstep.errors import TfstepError
from tfstep.session.address.target import target
from tfstep.session.state import State
from tfstep.view.board.places import Piece
from tfstep.view.matrix.grid import Grid

MOST = 4096  # cells that one text can mean
Meant = dict[str, list[tuple[int, ...]]]  # cells by the path of their tensor


def mark_spoken(pieces: tuple[Piece, ...], state: State, texts: Sequence[str]) -> tuple[Piece, ...]:
    """The pieces, with the cells that these texts mean marked. What means no cell marks none."""
    meant = _meant(state, texts)
    if not meant:
        return pieces
    return tuple(
        replace(piece, grid=_marked(piece.grid, meant), under=tuple(_marked(grid, meant) for grid in piece.under))
        for piece in pieces
    )


def _meant(state: State, texts: Sequence[str]) -> Meant:
    found: Meant = {}
    for text in texts:
        try:
            tensor, index = target(state, text)
        except TfstepError:  # the reader has gone over to a variant without it
            continue
        found.setdefault(tensor.path, []).extend(_cells(tensor, index))
    return found


def _cells(tensor: Tensor, index: Index | None) -> list[tuple[int, ...]]:
    """The cells that an index picks; none where it means all of a tensor."""
    if index is None:
        return [] if tensor.shape else [()]
    every = (*index, *[slice(None)] * (len(tensor.shape) - len(index)))
    axes = [
        range(*item.indices(size)) if isinstance(item, slice) else range(item % size, item % size + 1)
        for item, size in zip(every, tensor.shape, strict=False)
        if size
    ]
    return list(product(*axes)) if len(axes) == len(tensor.shape) and prod(map(len, axes)) <= MOST else []


def _marked(grid: Grid, meant: Meant) -> Grid:
    cells = meant.get(grid.key.partition("@")[0], [])
    places = frozenset(place for cell in cells if (place := grid.place(cell)) is not None)
    return replace(grid, spoken=places) if places else grid
