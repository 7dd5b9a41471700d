"""What of a large step fits on paper: some rows and columns of its result, and what these need of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfstep.engine.node import Node

WIDEST = 8  # rows and columns of a table on paper
EDGE = 4  # and of an excerpt
ALL = slice(None)
Role = tuple[str, str]  # rows and columns of a table: those of the result's "rows" or "columns", or all of them, ""


class Excerpt(NamedTuple):
    """Which rows and columns of the result are printed."""

    rows: slice = ALL
    columns: slice = ALL

    def of(self, role: Role) -> Excerpt:
        """The excerpt of an operand."""
        kept = {"rows": self.rows, "columns": self.columns, "": ALL}
        return Excerpt(kept[role[0]], kept[role[1]])

    def cut(self, numbers: np.ndarray) -> np.ndarray:
        """A part of a matrix, or of a vector, which is one row."""
        return (
            numbers[self.rows, self.columns]
            if numbers.ndim == 2
            else numbers[self.columns]
            if numbers.ndim
            else numbers
        )

    def place(self, at: Sequence[int]) -> tuple[int, ...]:
        """Where a cell of the excerpt stands in the whole."""
        starts = (self.rows.start or 0, self.columns.start or 0)[2 - len(at) :]
        return tuple(int(k) + start for k, start in zip(at, starts, strict=True))


def roles(node: Node, sources: Sequence[Node]) -> list[Role]:
    """What the tables of the result and of each operand have in common; all tables are printed whole where they fit."""
    tables = [node, *sources]
    whole = [("", "")] * len(tables)
    if all(max(each.shape[-2:], default=1) <= WIDEST for each in tables):
        return whole
    both, row, across, down = ("rows", "columns"), ("rows", ""), ("", "columns"), ("columns", "")
    turned = node.op is not None and bool(dict(node.attrs).get("bt"))
    known = {
        "linear": [both, row, across, across],
        "matmul": [both, row, down if turned else across],
        "softmax": [row, row],
        "mask_fill": [both, both, both],
        "sgd": [both, both, both],
        "linear_vjp_x": [both, row, down],
        "matmul_vjp_a": [both, row, across if turned else down],
    }
    found = known.get(node.op.name, whole) if node.op is not None else whole
    return found if len(found) == len(tables) else whole


def fits(node: Node, sources: Sequence[Node]) -> bool:
    """Whether all tables of a step, or their excerpts, are small enough."""
    return all(
        n <= WIDEST or kept
        for each, role in zip([node, *sources], roles(node, sources), strict=True)
        for n, kept in zip(each.shape[-2:], role[2 - len(each.shape[-2:]) :], strict=True)
    )


def excerpt(node: Node, sources: Sequence[Node], rng: np.random.Generator) -> Excerpt:
    """Some rows and columns of a step's result, from the same place on where there are as many of both."""
    role = roles(node, sources)[0]
    shape = (1, 1, *node.shape)[-2:]
    starts = [
        int(rng.integers(n - EDGE + 1)) if kept and n > EDGE else None for n, kept in zip(shape, role, strict=True)
    ]
    if shape[0] == shape[1] and None not in starts:
        starts[1] = starts[0]  # so that a causal mask shows its edge
    return Excerpt(*(ALL if start is None else slice(start, start + EDGE) for start in starts))
