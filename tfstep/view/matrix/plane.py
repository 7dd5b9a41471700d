"""From a tensor of any rank to the plane that is drawn of it: the last two axes, at one place of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from tfstep import work
from tfstep.engine.arrays.bits import but_for_rounding
from tfstep.engine.naming import short
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.session.change.marks import both_computed
from tfstep.view.matrix.grid import Grid
from tfstep.view.matrix.labels import NO_LABELS, Labels, labels, row_labels
from tfstep.view.matrix.noise import without_noise
from tfstep.view.text.axes import axis_name
from tfstep.view.text.number import Stats

_MASKED = {"value": ("masked", "weights"), "gradient": ("scores", "scaled", "masked")}
"""What the mask has had its say over."""


def plane(
    trace: Trace,
    node: Node,
    cell: tuple[int, ...],
    *,
    turned: bool = False,
    before: Trace | None = None,
    title: str | None = None,
) -> Grid:
    """The plane of one tensor that the cell is in; ``before`` is the trace with whose numbers it is compared."""
    values, rounded = without_noise(trace, node)
    lead = cell[:-2] if values.ndim > 2 else ()
    old = None if before is None or before is trace else before.plan.paths.get(node.path)
    was = None
    if (
        before is not None
        and old is not None
        and old.shape == node.shape
        and not trace.prefix
        and before.value(old.slot) is not trace.value(node.slot)
    ):
        was = without_noise(before, old)[0]
        was = but_for_rounding(was, values) if both_computed(before, old, trace, node) else was
        was = _flat(was, lead, turned)
    few = 0 if rounded is None else int(_flat(rounded, lead, turned).sum())
    return replace(_grid(trace, node, values, lead, turned, title), rounded=few, before=was)


def _grid(trace: Trace, node: Node, values: np.ndarray, lead: tuple[int, ...], turned: bool, title: str | None) -> Grid:
    """A plane of these numbers of a tensor, with all that stands around it."""
    flat = _flat(values, lead, turned)
    rows, columns = _labels(node, values.shape, lead)
    axes = [axis.name for axis in node.spec.axes[-2:]]
    if turned:
        rows, columns, axes = columns, rows, axes[::-1]
    pin = trace.pins.get(node.slot)
    hidden = mask_reasons(trace, node, lead)
    return Grid(
        key=trace.prefix + node.path,
        title=(title or short(node.path)) + ("ᵀ" if turned else ""),
        note=_note(axes, flat, values.ndim),
        values=flat,
        rows=rows,
        columns=columns,
        scale=scale_of(node),
        lead=lead,
        rank=values.ndim,
        turned=turned,
        hidden=hidden.T if turned and hidden is not None else hidden,
        pinned=None if pin is None else _flat(pin.mask, lead, turned),
    )


def seen(
    trace: Trace,
    node: Node,
    cell: tuple[int, ...],
    *,
    turned: bool = False,
    before: Trace | None = None,
    title: str | None = None,
) -> Grid:
    """The plane as `plane` gives it; where its numbers are still to be computed and nobody waits for that
    (`tfstep.work.Glance`), one that keeps their place, as wide as they were before."""
    try:
        return plane(trace, node, cell, turned=turned, before=before, title=title)
    except work.NotYetError:
        lead = cell[:-2] if len(node.shape) > 2 else ()
        found = _grid(trace, node, np.broadcast_to(np.float64(math.nan), node.shape), lead, turned, title)
        return replace(found, coming=True, room=_room(found, before, node))


def _room(grid: Grid, before: Trace | None, node: Node) -> Stats | None:
    """The range of the numbers that stood there, if they are known."""
    old = None if before is None else before.plan.paths.get(node.path)
    if before is None or old is None or old.shape != node.shape or before.stale(old.slot):
        return None
    return replace(grid, values=_flat(before.value(old.slot), grid.lead, grid.turned)).stats


def _note(axes: Sequence[str], flat: np.ndarray, rank: int) -> str:
    """What stands beside the name: the axes where they have names, else the sizes; nothing for a single number."""
    if rank == 0:
        return ""
    return " × ".join(map(axis_name, axes)) if rank > 1 and all(axes) else "×".join(map(str, flat.shape))


def scale_of(node: Node) -> str:
    """``probability`` for shares of 1, ``whole`` for integers, else ``signed``."""
    if node.dtype.kind in "iub":
        return "whole"
    return "probability" if node.shares else "signed"


def with_numbers(grid: Grid, key: str, title: str, note: str, values: np.ndarray) -> Grid:
    """The same plane with other numbers: the gradient, or the difference."""
    flat = _flat(values, grid.lead, grid.turned)
    if grid.order is not None:
        flat = np.take_along_axis(flat, grid.order, axis=-1)
    return replace(
        grid, key=key, title=title, note=note, values=flat, scale="signed", before=None, pinned=None, _styles={}
    )


def without_numbers(grid: Grid, key: str, title: str) -> Grid:
    """The same plane with numbers that are still to be computed."""
    nothing = np.broadcast_to(np.float64(math.nan), grid.values.shape)
    room = grid.span
    return replace(
        grid, key=key, title=title, values=nothing, coming=True, room=room, before=None, pinned=None, _styles={}
    )


def _flat(values: np.ndarray, lead: tuple[int, ...], turned: bool) -> np.ndarray:
    if values.ndim > 2:
        values = values[lead]
    while values.ndim < 2:
        values = values[None]
    return values.T if turned else values


def _labels(node: Node, shape: tuple[int, ...], lead: tuple[int, ...]) -> tuple[Labels, Labels]:
    axes = node.spec.axes
    if not shape:
        return NO_LABELS, NO_LABELS
    sentence = lead[0] if lead and axes[0].name == "batch" else 0
    columns = labels(axes[-1], shape[-1], sentence)
    if len(shape) == 1:
        return NO_LABELS, columns
    return row_labels(axes[-2], shape[-2], sentence), columns


def mask_reasons(trace: Trace, node: Node, lead: tuple[int, ...]) -> np.ndarray | None:
    """The reasons of masked cells (1 padding, 2 causal, 3 both) in a plane that the mask has had its say over: what is
    0 there, or as low as the mask makes it, is so because of it. None where nothing is masked."""
    mask = mask_of(trace, node)
    if mask is None or len(lead) != 2:
        return None
    reasons = mask.value
    found: np.ndarray = reasons[tuple(k if n > 1 else 0 for k, n in zip(lead, reasons.shape[:2], strict=True))]
    return found if found.any() else None


def masked_cells(tensor: Tensor) -> np.ndarray | None:
    """The same of all of a tensor, in its shape; None where nothing is masked."""
    mask = mask_of(tensor.trace, tensor.node)
    if mask is None or len(tensor.shape) != 4 or not mask.value.any():
        return None
    return np.broadcast_to(mask.value != 0, tensor.shape)


def mask_of(trace: Trace, node: Node) -> Tensor | None:
    """The mask that has had its say over a tensor: (batch or 1, head or 1, query, key), 0 where one may look."""
    path = (trace.prefix + node.path).partition("/")[0]
    while trace.prefix and trace.sources:
        trace = trace.sources[0].trace
    step = trace.plan.paths.get(path)
    if step is None:
        return None
    scope, _, name = trace.plan.base(step).path.rpartition(".")
    mask = trace.plan.paths.get(f"{scope}.mask")
    if mask is None or name not in _MASKED.get(step.role.name, ()) or node.shape[-2:] != mask.shape[-2:]:
        return None
    return trace[mask.path]
