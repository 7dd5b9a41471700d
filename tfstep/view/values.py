"""Arrays that are no whole tensor: a slice of one, what an expression comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfstep.engine.axis import NO_AXIS, Axis
from tfstep.engine.tensor import Tensor
from tfstep.text import Text
from tfstep.view.report.indices import sentence_of
from tfstep.view.report.layout import line, span
from tfstep.view.report.numbers import Notation
from tfstep.view.report.tables import matrix, where
from tfstep.view.spans import Line

MOST = 4096  # numbers that are written out; more are summed up


def part_lines(tensor: Tensor, index: tuple[Any, ...] | None, values: np.ndarray, cells: int | None) -> Iterator[Line]:
    """A tensor, or what ``index`` picks of it, with the words along what is left of its axes."""
    axes = kept_axes(tensor, index or ())
    yield from array_lines(values, cells, axes)


def kept_axes(tensor: Tensor, index: tuple[Any, ...]) -> tuple[Axis, ...]:
    """The axes that an index of whole numbers and slices leaves, with the words that it picks."""
    axes = tensor.node.spec.axes
    whole = tuple(i if isinstance(i, int) else 0 for i in index)
    sentence = sentence_of(axes, whole) if axes else 0
    kept = []
    for k, axis in enumerate(axes):
        at = index[k] if k < len(index) else slice(None)
        if isinstance(at, slice):
            words, said = (axis.words(sentence), axis.following(sentence)) if k else (None, None)
            kept.append(Axis(axis.name, (words[at],) if words else None, (said[at],) if said else None))
    return tuple(kept)


def array_lines(values: np.ndarray, cells: int | None = None, axes: tuple[Axis, ...] | None = None) -> Iterator[Line]:
    """The numbers, one matrix after another; of very many only what they amount to."""
    if not values.size:
        yield line(span(Text("no numbers (shape {shape})", "没有数（形状 {shape}）", shape=values.shape)))
        return
    if values.size > MOST:
        yield summed_up(values)
        return
    axes = axes or (NO_AXIS,) * values.ndim
    notation = Notation(values)
    many = int(np.prod(values.shape[:-2])) > 1
    for index in np.ndindex(*values.shape[:-2]):
        if many:
            yield line(span(where(axes, index), "accent"))
        yield from matrix(values[index], axes, index, notation, cells)


def summed_up(values: np.ndarray) -> Line:
    """Shape, range, mean and spread in one line."""
    with np.errstate(all="ignore"):
        odd = int(values.size - np.isfinite(values).sum())
        said = Text(
            "{shape}: from {low:.4g} to {high:.4g}, mean {mean:.4g}, σ {std:.4g}, {zeros} zeros, {odd} not finite",
            "{shape}：从 {low:.4g} 到 {high:.4g}，均值 {mean:.4g}，σ {std:.4g}，{zeros} 个零，{odd} 个非有限数",
            shape="×".join(map(str, values.shape)),
            low=float(values.min()),
            high=float(values.max()),
            mean=float(values.mean()),
            std=float(values.std()),
            zeros=int((values == 0).sum()),
            odd=odd,
        )
    return line(span(said, "dim"))
