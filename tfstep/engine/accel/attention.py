"""Softmax and mask. Shapes as at their ops."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.calls.recorder import Watched, shared
from tfstep.engine.accel.kernel import blockwise
from tfstep.engine.accel.linear import rows
from tfstep.engine.accel.reduce import largest_of_rows, total_of_rows

Array = np.ndarray


def exponentials(x: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
    """x − max, exp of that, and its sum along the last axis; none of them is to be written to while calls are noted.
    ``out`` is there for both."""
    if not isinstance(x, Watched):
        return _exponentials(x, out)
    if not x.flags.c_contiguous:
        return _exponentials(x)
    return tuple(each.reshape(*x.shape[:-1], -1) for each in shared(_exponentials, rows(x)))


def _exponentials(x: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
    shift = np.subtract(x, largest_of_rows(x), out)
    e = np.exp(shift, out)
    return shift, e, total_of_rows(e)


@blockwise
def softmax(out: Array, x: Array) -> None:
    """exp(x − max) / Σ exp(x − max), along the last axis."""
    _, e, total_of = exponentials(x, out)
    np.divide(e, total_of, out)


@blockwise
def softmax_x(out: Array, g: Array, y: Array) -> None:
    """y · (g − Σ g·y)."""
    np.multiply(g, y, out)
    np.subtract(g, total_of_rows(out), out)
    np.multiply(y, out, out)


def _masked(mask: Array) -> Array:
    return mask.astype(bool)


@blockwise
def mask_fill(out: Array, x: Array, mask: Array, *, value: float) -> None:
    """x, but ``value`` where masked."""
    np.copyto(out, x)
    np.copyto(out, value, where=shared(_masked, mask))


@blockwise
def mask_fill_x(out: Array, g: Array, mask: Array, *, value: float) -> None:
    """g, but 0 where masked."""
    np.copyto(out, g)
    np.copyto(out, 0, where=shared(_masked, mask))
