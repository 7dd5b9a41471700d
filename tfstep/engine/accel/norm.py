"""Layer normalization and its three VJPs. Shapes as at the op."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.blocks import row_blocks
from tfstep.engine.accel.calls.recorder import Watched, shared
from tfstep.engine.accel.kernel import blockwise, kernel
from tfstep.engine.accel.linear import rows, sum_rows
from tfstep.engine.accel.reduce import total, total_of_rows
from tfstep.engine.arrays.sums import MANY, added_rows

Array = np.ndarray


def _mean(x: Array) -> Array:
    mean = total_of_rows(x)
    np.divide(mean, x.shape[-1], mean)
    return mean


def _fill(out: Array, x: Array, eps: float) -> Array:
    """x̂ into ``out``; returns std."""
    if x.size == x.shape[-1] and not isinstance(x, Watched):
        return _fill_row(out.reshape(-1), x.reshape(-1), eps)
    np.subtract(x, _mean(x), out)
    std = _mean(np.multiply(out, out))
    np.add(std, eps, std)
    np.sqrt(std, std)
    np.divide(out, std, out)
    return std


def _fill_row(out: Array, x: Array, eps: float) -> Array:
    """The same of one row, whose mean and deviation are numbers: what is done to a number costs a tenth."""
    n = len(x)
    np.subtract(x, total(x) / n, out)
    std: Array = np.sqrt(total(np.multiply(out, out)) / n + eps)
    np.divide(out, std, out)
    return std


def _xhat(x: Array, eps: float) -> tuple[Array, Array]:
    out = np.empty_like(x)
    return out, _fill(out, x, eps)


def _normalised(out: Array, x: Array, eps: float) -> tuple[Array, Array]:
    """x̂ and std; x̂ in ``out``, or while calls are noted where a step before made it, and then to be read only."""
    if isinstance(x, Watched) and x.flags.c_contiguous:
        xhat, std = shared(_xhat, rows(x), eps)
        return xhat.reshape(x.shape), std.reshape(*x.shape[:-1], 1)
    return out, _fill(out, x, eps)


@blockwise
def layer_norm(out: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> None:
    """x̂ γ + β."""
    xhat, _ = _normalised(out, x, eps)
    np.multiply(xhat, gamma, out)
    np.add(out, beta, out)


@blockwise
def layer_norm_x(out: Array, g: Array, x: Array, gamma: Array, *, eps: float) -> None:
    """(ĝ − mean ĝ − x̂ · mean(ĝ x̂)) / std with ĝ = g γ."""
    xhat, std = _normalised(np.empty_like(out), x, eps)
    np.multiply(g, gamma, out)
    product = np.multiply(out, xhat)
    along = _mean(product)
    np.subtract(out, _mean(out), out)
    np.multiply(xhat, along, product)
    np.subtract(out, product, out)
    np.divide(out, std, out)


@kernel
def layer_norm_gamma(out: Array, g: Array, x: Array, *, eps: float) -> None:
    """Σ g x̂ over all rows: block by block, each begun with the sum so far, or in float32 with a sum of its own."""
    g, x = rows(g), rows(x)
    if x.dtype == np.float32 and len(x) >= MANY and x.shape[1] > 1:

        def some(block: slice) -> Array:
            some_rows = x[block]
            xhat = np.empty_like(some_rows)
            _fill(xhat, some_rows, eps)
            return total(np.multiply(g[block], xhat, xhat), 0)

        out[...] = added_rows(len(x), some)
        return
    blocks = row_blocks(len(x), x.shape[1])
    if len(blocks) == 1:
        xhat, _ = _normalised(np.empty_like(x), x, eps)
        total(np.multiply(g, xhat), 0, None, out)
        return
    sums = np.empty((1 + blocks[0].stop, x.shape[1]), out.dtype)
    for block in blocks:
        xhat = sums[1 : 1 + block.stop - block.start]
        _fill(xhat, x[block], eps)
        np.multiply(g[block], xhat, xhat)
        first = 0 if block.start else 1
        total(sums[first : 1 + len(xhat)], 0, None, out)
        sums[0] = out


@kernel
def layer_norm_beta(out: Array, g: Array, *, eps: float) -> None:
    """Σ g over all rows."""
    sum_rows.run(out, g)
