"""The loss along a weight, over two weights, and anything over the updates that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from tfstep import work
from tfstep.address.indices import index_list
from tfstep.engine.trace import Tensor, Trace
from tfstep.errors import CommandError
from tfstep.session.change.updates import start_of, with_carried
from tfstep.session.evaluate import parse_expression, worked_out
from tfstep.session.study.finite import as_computed
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.session.state import State

MOST_POINTS = 200  # of a curve
MOST_CURVES = 8


class Sweep(Struct, frozen=True, eq=False):
    """The loss with one cell at other values: ``losses`` over ``xs``; now ``x``, ``loss``, slope ``gradient``."""

    cell: str
    xs: np.ndarray
    losses: np.ndarray
    x: float
    loss: float
    gradient: float

    @property
    def tangent(self) -> np.ndarray:
        """The straight line with the gradient's slope through where we are."""
        return self.loss + self.gradient * (self.xs - self.x)


class Landscape(Struct, frozen=True, eq=False):
    """The loss over two cells, (y, x); ``path`` are the values of both at every update so far, the present last."""

    names: tuple[str, str]
    xs: np.ndarray
    ys: np.ndarray
    losses: np.ndarray
    path: np.ndarray  # (update, 2): x, y


POINTS = Bilingual("points", "个点")


def _loss(trace: Trace) -> float:
    return float(trace["loss"].value.sum())


def sweep(state: State, tensor: Tensor, cell: tuple[int, ...], start: float, stop: float, n: int) -> Sweep:
    """The loss at ``n`` values of one cell from ``start`` to ``stop``. Raises EditError, CommandError."""
    trace, name = state.trace, tensor.path + (index_list(cell) if cell else "")
    work.expect(n * trace.plan.seconds("forward"))
    xs = np.linspace(start, stop, n)
    losses = np.array([_loss(trace.edit({name: x})) for x in work.each(xs.tolist(), POINTS)])
    grad = as_computed(trace)[tensor.path].grad
    slope = 0.0 if grad is None else float(grad[cell])
    return Sweep(name, xs, losses, float(tensor.value[cell]), _loss(trace), slope)


def landscape(
    state: State,
    cells: tuple[tuple[Tensor, tuple[int, ...]], tuple[Tensor, tuple[int, ...]]],
    span: float | None,
    shape: tuple[int, int],
) -> Landscape:
    """The loss over two cells: ``span`` to each side of where we are, or as far as the descent has come.

    Shapes: losses ``shape`` = (y, x). Raises EditError, CommandError.
    """
    trace = state.trace
    work.expect(shape[0] * shape[1] * trace.plan.seconds("forward"))
    path = np.stack([_course(state, tensor, cell) for tensor, cell in cells], axis=-1)
    ranges = [_range(path[:, k], span) for k in (0, 1)]
    xs, ys = np.linspace(*ranges[0], shape[1]), np.linspace(*ranges[1], shape[0])
    if xs[0] == xs[-1] or ys[0] == ys[-1]:
        raise CommandError(Bilingual("SPAN is too small to move these numbers", "SPAN 太小，这些数不会改变"))
    names = tuple(tensor.path + (index_list(cell) if cell else "") for tensor, cell in cells)
    losses, row = np.empty(shape), trace
    for i, j in work.each(list(np.ndindex(shape)), POINTS):
        row = row if j else trace.edit({names[1]: float(ys[i])})
        losses[i, j] = _loss(row.edit({names[0]: float(xs[j])}))
    return Landscape((names[0], names[1]), xs, ys, losses, path)


def _course(state: State, tensor: Tensor, cell: tuple[int, ...]) -> np.ndarray:
    """The values of a cell at every update so far, the present one last."""
    past, now = state.journal.now.past, float(tensor.value[cell])
    if not past or tensor.step is not None:
        return np.array([now])
    picked = np.unique(np.linspace(0, len(past) - 1, min(len(past), MOST_POINTS)).round().astype(int))
    values = [start_of(past, int(k)).get(tensor.path, tensor.value)[cell] for k in picked]
    return np.array([*map(float, values), now])


def _range(values: np.ndarray, span: float | None) -> tuple[float, float]:
    now = float(values[-1])
    if span is not None:
        return now - span, now + span
    low, high = float(values.min()), float(values.max())
    room = max(0.25 * (high - low), 0.5 * max(1.0, abs(now)))
    return low - room, high + room


def over_updates(state: State, text: str) -> tuple[np.ndarray, np.ndarray]:
    """The updates, and what an expression came to at each of them (one number a curve). Raises TfstepError."""
    expression, past = parse_expression(state, text), state.journal.now.past
    picked = np.unique(np.linspace(0, len(past), min(len(past) + 1, MOST_POINTS)).round().astype(int))
    rows = []
    for k in work.each(picked.tolist(), Bilingual("updates", "次更新")):
        trace = state.trace if k == len(past) else with_carried(state.trace, start_of(past, k))
        rows.append(np.ravel(worked_out(state, expression, trace=trace)).astype(float))
    values = np.stack(rows)
    if values.shape[1] > MOST_CURVES:
        raise CommandError(
            Bilingual(
                "{text} is {n} numbers; plot one of them, or up to {most} curves",
                "{text} 有 {n} 个数；请画其中一个，或至多 {most} 条曲线",
                text=text,
                n=values.shape[1],
                most=MOST_CURVES,
            )
        )
    return picked, values
