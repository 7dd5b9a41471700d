"""Arrays that are no whole tensor: a slice of one, what an expression comes to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfstep.engine.axis import NO_AXIS, Axis, Labels
from tfstep.engine.trace import Tensor
from tfstep.text import Bilingual
from tfstep.view.export.tables import matrix, remarks, where
from tfstep.view.matrix.likeliest import many_words
from tfstep.view.matrix.noise import without_noise
from tfstep.view.matrix.plane import masked_cells
from tfstep.view.text.number import Notation
from tfstep.view.text.spans import Line, line, span

MOST = 4096  # numbers that are written out; more are summed up
LIKELY = 64  # rows whose likeliest words are


def part_lines(tensor: Tensor, index: tuple[Any, ...] | None, values: np.ndarray, cells: int | None) -> Iterator[Line]:
    """A tensor, or what ``index`` picks of it, with the words along what is left of its axes; what is masked has its
    sign, and what is 0 but for rounding is 0."""
    axes = kept_axes(tensor, index or ())
    values, rounded = without_rounding(tensor, index, values)
    if not values.size or are_summed_up(values, axes):
        yield from array_lines(values, cells, axes)
        return
    masked = masked_cells(tensor)
    hidden = None if masked is None else masked[... if index is None else index]
    yield from array_lines(values, cells, axes, hidden)
    yield from remarks(hidden is not None and bool(hidden.any()), rounded)


def without_rounding(tensor: Tensor, index: tuple[Any, ...] | None, values: np.ndarray) -> tuple[np.ndarray, int]:
    """What ``index`` picks of a tensor, with 0 where it is 0 but for rounding, and in how many cells it is."""
    noise = without_noise(tensor.trace, tensor.node)[1]
    if noise is None:
        return values, 0
    found = noise[... if index is None else index]
    return np.where(found, values.dtype.type(0), values), int(found.sum())


def kept_axes(tensor: Tensor, index: tuple[Any, ...]) -> tuple[Axis, ...]:
    """The axes that an index of whole numbers and slices leaves, with the words that it picks."""
    axes = tensor.node.spec.axes
    picks = [index[k] if k < len(index) else slice(None) for k in range(len(axes))]
    sentences = picks[0] if axes and axes[0].name == "batch" else slice(None)
    kept = []
    for axis, at in zip(axes, picks, strict=True):
        if isinstance(at, slice):
            kept.append(Axis(axis.name, _picked(axis.labels, sentences, at), _picked(axis.follows, sentences, at)))
    return tuple(kept)


def _picked(labels: Labels | None, sentences: int | slice, at: slice) -> Labels | None:
    """The words of these sentences at these places; a single list is that of all sentences."""
    if labels is None:
        return None
    if len(labels) > 1:
        labels = labels[sentences] if isinstance(sentences, slice) else (labels[sentences],)
    return tuple(words[at] for words in labels)


def array_lines(
    values: np.ndarray,
    cells: int | None = None,
    axes: tuple[Axis, ...] | None = None,
    hidden: np.ndarray | None = None,
) -> Iterator[Line]:
    """The numbers, one matrix after another; of very many only what they amount to, or the likeliest words. ``hidden``
    says which are masked.
    """
    if not values.size:
        yield line(span(Bilingual("no numbers (shape {shape})", "没有数（形状 {shape}）", shape=values.shape)))
        return
    axes = axes or (NO_AXIS,) * values.ndim
    if are_summed_up(values, axes):
        yield summed_up(values)
        return
    notation = Notation(values)
    many = int(np.prod(values.shape[:-2])) > 1
    for index in np.ndindex(*values.shape[:-2]):
        if many:
            yield line(span(where(axes, index), "accent"))
        yield from matrix(values[index], axes, index, notation, cells, None if hidden is None else hidden[index])


def are_summed_up(values: np.ndarray, axes: tuple[Axis, ...]) -> bool:
    """Whether there are too many to be listed; of a number for every word only the likeliest words are."""
    if values.ndim and many_words(axes[-1].name, values.shape[-1]):
        return math.prod(values.shape[:-1]) > LIKELY
    return values.size > MOST


def summed_up(values: np.ndarray) -> Line:
    """Shape, range, mean and spread of the finite numbers in one line, and how many are 0, NaN or infinite."""
    finite = values[np.isfinite(values)]
    shape = "×".join(map(str, values.shape))
    nans, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    odd = Bilingual(", {nans} NaN, {infinite} inf", "，{nans} 个 NaN，{infinite} 个 inf", nans=nans, infinite=infinite)
    if not finite.size:
        return line(
            span(Bilingual("{shape}: no finite number{odd}", "{shape}：没有有限数{odd}", shape=shape, odd=odd), "dim")
        )
    with np.errstate(all="ignore"):
        said = Bilingual(
            "{shape}: from {low:.4g} to {high:.4g}, mean {mean:.4g}, σ {std:.4g}, {zeros} zeros{odd}",
            "{shape}：从 {low:.4g} 到 {high:.4g}，均值 {mean:.4g}，σ {std:.4g}，{zeros} 个零{odd}",
            shape=shape,
            low=float(finite.min()),
            high=float(finite.max()),
            mean=float(finite.mean()),
            std=float(finite.std()),
            zeros=int((values == 0).sum()),
            odd=odd if nans or infinite else "",
        )
    return line(span(said, "dim"))
