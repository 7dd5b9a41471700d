"""Softmax and mask. Shapes as at their ops."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.calls.recorder import shared
from tfstep.engine.accel.kernel import blockwise
from tfstep.engine.accel.reduce import largest, total

Array = np.ndarray


@blockwise
def softmax(out: Array, x: Array) -> None:
    """exp(x − max) / Σ exp(x − max), along the last axis."""
    np.subtract(x, largest(x, -1, None, None, True), out)
    np.exp(out, out)
    np.divide(out, total(out, -1, None, None, True), out)


@blockwise
def softmax_x(out: Array, g: Array, y: Array) -> None:
    """y · (g − Σ g·y)."""
    np.multiply(g, y, out)
    np.subtract(g, total(out, -1, None, None, True), out)
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
