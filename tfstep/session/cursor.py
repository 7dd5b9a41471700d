"""The cell cursor: it keeps its place on every axis by the axis's name, from tensor to tensor."""

from __future__ import annotations

import numpy as np

from tfstep.engine.axis import LISTED
from tfstep.engine.trace import Tensor

_SAME = {"position": "query", "query": "position"}  # the rows of Q are the queries of the scores


class Cursor:
    """Where the cursor stands on each axis, head 1 say, whichever tensor is looked at."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}

    def on(self, tensor: Tensor) -> tuple[int, ...]:
        """The cell of this tensor under the cursor: always within its shape; among the words of a large vocabulary,
        where it has never been, the likeliest."""
        cell: list[int] = []
        for name, size in zip(_names(tensor), tensor.shape, strict=True):
            if name == "vocab" and size > LISTED and name not in self._at and len(cell) == len(tensor.shape) - 1:
                row = tensor.value[tuple(cell)]
                cell.append(int(np.argmax(row if tensor.node.role.name == "value" else np.abs(row))))
            else:
                cell.append(max(0, min(self._at.get(name, 0), size - 1)))
        return tuple(cell)

    def move_to(self, tensor: Tensor, cell: tuple[int, ...]) -> None:
        """Put the cursor on a cell of this tensor; what lies outside of its shape is brought to the edge."""
        for name, size, index in zip(_names(tensor), tensor.shape, cell, strict=True):
            self._at[name] = max(0, min(index, size - 1))
            if name in _SAME:
                self._at[_SAME[name]] = self._at[name]


def _names(tensor: Tensor) -> list[str]:
    """A name for every axis; those without one of their own count from the last."""
    axes = tensor.axes
    return [a if a and axes.count(a) == 1 else f"-{len(axes) - k}" for k, a in enumerate(axes)]
