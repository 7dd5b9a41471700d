"""Tensors cut into matrices, each with its labels: what the formats for pages are made from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.address.grammar import cell_name
from tfstep.address.roles import GRAD
from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual
from tfstep.view.export.indices import along, down, sentence_of
from tfstep.view.export.tables import heading, shown_gradient, shown_numbers, where
from tfstep.view.export.window import WHOLE, Window
from tfstep.view.matrix.likeliest import first_columns, many_words
from tfstep.view.matrix.noise import ROUNDED
from tfstep.view.matrix.plane import mask_reasons, scale_of
from tfstep.view.text.number import HUGE, Notation
from tfstep.view.text.spans import plain
from tfstep.view.text.symbols import plain as fit

MOST = 24  # words of a large vocabulary that a picture or a page has columns for


class Slice(Struct, frozen=True, eq=False):
    """One matrix of a tensor; a vector is one row of it, a scalar one cell.

    ``name`` is the path, with ``.grad`` for a gradient; ``caption`` says which slice it is, and where a gradient
    stands beside it, which of both. ``shares`` say how far each number is up the colour scale, from −1 to 1, which ends
    at the largest size in the whole tensor: 0 for what is no amount (a word's number, a mask's) or no number.
    ``probability`` says that it is one, from 0 to 1; ``hidden`` holds the reasons of masked cells. ``picked`` are the
    tensor's columns that are here, where not all are: of a large vocabulary the likeliest words of its rows.
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
    probability: bool
    shares: list[list[float]]
    hidden: np.ndarray | None
    picked: list[int] | None = None
    left_out: Bilingual | None = None  # what of the matrix is not in it

    def cell(self, row: int, column: int) -> str:
        """The name of one cell."""
        column = column if self.picked is None else self.picked[column]
        return cell_name(self.name, (*self.index, *((), (column,), (row, column))[min(self.rank, 2)]))

    def masked(self, row: int, column: int) -> bool:
        """Whether a mask has made this cell what it is."""
        return self.hidden is not None and bool(self.hidden[row, column])


def title(tensor: Tensor) -> tuple[str, str]:
    """What a tensor is: its formula, empty where it is given; and its step, phase and axes."""
    _, what = heading(tensor)
    return fit(tensor.formula or ""), plain(what).strip()


def slices(tensor: Tensor, grad: bool, digits: int, window: Window = WHOLE) -> Iterator[tuple[Slice, ...]]:
    """The matrices of a tensor, each with that of its gradient if there is one and ``grad``; what is in the window."""
    value, rounded = shown_numbers(tensor)
    gradient, rounded_too = shown_gradient(tensor) if grad else (None, 0)
    for index in islice(np.ndindex(*tensor.value.shape[:-2]), window.matrices):
        if gradient is None:
            yield (_slice(tensor, "", value, index, digits, rounded, window),)
        else:
            what = Bilingual("value", "值"), Bilingual("gradient", "梯度")
            yield (
                _slice(tensor, str(what[0]), value, index, digits, rounded, window),
                _slice(tensor, str(what[1]), gradient, index, digits, rounded_too, window, GRAD),
            )


def _slice(
    tensor: Tensor,
    what: str,
    array: np.ndarray,
    index: tuple[int, ...],
    digits: int,
    rounded: int,
    window: Window,
    mark: str = "",
) -> Slice:
    axes, whole, likeliest = tensor.node.spec.axes, array[index].shape, False
    if whole and many_words(axes[-1].name, whole[-1]):
        likeliest, window = True, replace(window, columns=sys.maxsize)  # whose columns are picked
    part, left_out = window.cut(array[index])
    sentence, notation = sentence_of(axes, index), Notation(array, digits)
    matrix = part.reshape(-1, part.shape[-1] if part.ndim else 1)
    probability = scale_of(tensor.node) == "probability" and not mark
    picked, more = None, ""
    if likeliest:
        picked = first_columns(np.abs(matrix) if mark else matrix, MOST)
        words, matrix = axes[-1].words(sentence), matrix[:, picked]
        labels = [str(k) if words is None else words[k] for k in picked]
        more = str(Bilingual("{n:,} more words", "另有 {n:,} 个词", n=part.shape[-1] - len(picked)))
    else:
        labels = along(axes[-1], whole[-1], sentence)[: part.shape[-1]] if part.ndim else [""]
    place = fit(where(axes, index)) if int(np.prod(array.shape[:-2])) > 1 else ""
    return Slice(
        tensor.path + mark,
        " · ".join(filter(None, (what, place, more, str(ROUNDED) if rounded == array.size else ""))),
        index,
        array.ndim,
        fit(" \\ ".join(axis.name for axis in axes[-2:])) if part.ndim == 2 else "",
        [fit(label) for label in down(axes[-2], whole[-2], sentence)[: part.shape[-2]]] if part.ndim == 2 else [""],
        [fit(label) for label in labels],
        matrix.tolist(),
        [[notation(x) for x in row] for row in matrix.tolist()],
        probability,
        _shares(array, matrix, probability).tolist(),
        mask_reasons(tensor.trace, tensor.trace.plan.paths[tensor.path + mark], index)
        if not tensor.trace.prefix
        else None,
        picked,
        left_out,
    )


def _shares(array: np.ndarray, matrix: np.ndarray, probability: bool) -> np.ndarray:
    if array.dtype.kind != "f":
        return np.zeros(matrix.shape)
    with np.errstate(invalid="ignore"):
        sizes = np.abs(array[np.abs(array) < HUGE]).astype(float)
        bound = 1.0 if probability else float(sizes.max(initial=0.0))
        kept = np.where(np.abs(matrix) < HUGE, matrix, 0.0).astype(float)
    shares: np.ndarray = np.clip(kept / (bound or 1.0), -1.0, 1.0)
    return shares
