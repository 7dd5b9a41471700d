"""Tensors cut into matrices, each with its labels: what the formats for pages are made from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from tfstep.engine.cell import cell_name
from tfstep.engine.tensor import Tensor
from tfstep.text import Bilingual
from tfstep.view.export.indices import along, down, sentence_of
from tfstep.view.export.tables import heading, where
from tfstep.view.text.number import Notation
from tfstep.view.text.spans import plain
from tfstep.view.text.symbols import plain as fit

LARGE = 1e8  # numbers from here on are a mask's, and take no part in scales


class Slice(Struct, frozen=True, eq=False):
    """One matrix of a tensor; a vector is one row of it, a scalar one cell.

    ``name`` is the path, with ``.grad`` for a gradient; ``caption`` says which slice it is, and where a gradient
    stands beside it, which of both; ``bound`` is where its colour scale ends: the largest
    size of a number of the whole tensor. ``probability`` says that it is one, from 0 to 1.
    """

    name: str
    caption: str
    index: tuple[int, ...]
    rank: int
    corner: str
    rows: list[str]
    columns: list[str]
    numbers: list[list[float]]
    texts: list[list[str]]
    bound: float
    probability: bool

    def cell(self, row: int, column: int) -> str:
        """The name of one cell."""
        return cell_name(self.name, (*self.index, *((), (column,), (row, column))[min(self.rank, 2)]))

    def share(self, x: float) -> float:
        """How far a number is up its colour scale, from −1 to 1; 0 for what is no number or a mask's."""
        if not abs(x) < LARGE or not self.bound:
            return 0.0
        return max(-1.0, min(1.0, x / self.bound))


def title(tensor: Tensor) -> tuple[str, str]:
    """What a tensor is: its formula, empty where it is given; and its step, phase and axes."""
    _, what = heading(tensor)
    return fit(tensor.formula or ""), plain(what).strip()


def slices(tensor: Tensor, grad: bool, digits: int) -> Iterator[tuple[Slice, ...]]:
    """The matrices of a tensor, each with that of its gradient if there is one and ``grad``."""
    gradient = tensor.grad if grad else None
    for index in np.ndindex(*tensor.value.shape[:-2]):
        if gradient is None:
            yield (_slice(tensor, "", tensor.value, index, digits),)
        else:
            value = _slice(tensor, str(Bilingual("value", "值")), tensor.value, index, digits)
            beside = _slice(tensor, str(Bilingual("gradient", "梯度")), gradient, index, digits, ".grad")
            yield value, beside


def _slice(tensor: Tensor, what: str, array: np.ndarray, index: tuple[int, ...], digits: int, mark: str = "") -> Slice:
    axes, part = tensor.node.spec.axes, array[index]
    sentence, notation = sentence_of(axes, index), Notation(array, digits)
    matrix = part.reshape(-1, part.shape[-1] if part.ndim else 1)
    sizes = np.abs(array[np.isfinite(array) & (np.abs(array) < LARGE)].astype(float))
    probability = tensor.op == "softmax" and not mark
    place = fit(where(axes, index)) if int(np.prod(array.shape[:-2])) > 1 else ""
    return Slice(
        tensor.path + mark,
        " · ".join(filter(None, (what, place))),
        index,
        array.ndim,
        fit(" \\ ".join(axis.name for axis in axes[-2:])) if part.ndim == 2 else "",
        [fit(label) for label in down(axes[-2], part.shape[-2], sentence)] if part.ndim == 2 else [""],
        [fit(label) for label in along(axes[-1], part.shape[-1], sentence)] if part.ndim else [""],
        matrix.tolist(),
        [[notation(x) for x in row] for row in matrix.tolist()],
        1.0 if probability else float(sizes.max(initial=0.0)),
        probability,
    )
