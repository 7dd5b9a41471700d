"""Of a number for every word of a large vocabulary the largest first, each row in an order of its own."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from tfstep.engine.axis import LISTED
from tfstep.engine.node import Node
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.labels import NO_LABELS
from tfstep.view.matrix.memo import remembered


def many_words(axis: str, size: int) -> bool:
    """Whether an axis is a vocabulary of which the likeliest words alone are shown."""
    return axis == "vocab" and size > LISTED


def likeliest(node: Node, grid: Grid) -> np.ndarray | None:
    """For each row the columns, the largest number first; of a gradient the largest by size. None for other planes.

    Shapes: (rows, columns).
    """
    if grid.turned or grid.rank < 2 or not many_words(node.spec.axes[-1].name, grid.breadth):
        return None
    if grid.coming:
        return np.broadcast_to(np.arange(grid.breadth, dtype=np.int32), grid.values.shape)
    by_size = node.role.name != "value"
    return remembered(("likeliest", by_size), grid.values, lambda: _order(grid.values, by_size))


def _order(values: np.ndarray, by_size: bool) -> np.ndarray:
    sizes = np.abs(values) if by_size else values
    return np.argsort(-sizes, axis=-1, kind="stable").astype(np.int32)


def ordered(grid: Grid, order: np.ndarray | None) -> Grid:
    """The plane with each row's columns in this order; the words stand beside their numbers, not above them."""
    if order is None or order.shape != grid.values.shape:
        return grid

    def turn(numbers: np.ndarray | None) -> np.ndarray | None:
        return None if numbers is None else np.take_along_axis(numbers, order, axis=-1)

    values = remembered(("ordered", id(order)), grid.values, lambda: (order, turn(grid.values)))[1]
    assert values is not None
    return replace(
        grid,
        values=values,
        hidden=turn(grid.hidden),
        before=turn(grid.before),
        pinned=turn(grid.pinned),
        slope=turn(grid.slope),
        columns=NO_LABELS,
        words=grid.columns,
        order=order,
        _styles={},
    )


def first_columns(values: np.ndarray, most: int) -> list[int]:
    """Of a matrix with a number a word the columns that are largest in some row, row after row in turn, at most so many."""
    ranked = np.argsort(-values, axis=-1, kind="stable")[:, :most]
    return list(dict.fromkeys(ranked.T.ravel().tolist()))[:most]
