"""Matrix products into memory that is there, their pieces on threads, and the bias added in place."""

from __future__ import annotations

import numpy as np

from tfstep.engine.accel.blocks import BLOCK, each
from tfstep.engine.accel.kernel import kernel
from tfstep.engine.arrays.products import SMALL, flat, product
from tfstep.engine.arrays.sums import added

Array = np.ndarray


def rows(x: Array) -> Array:
    """All leading axes as one: (…, n) → (rows, n)."""
    return x.reshape(-1, x.shape[-1])


def _flipped(x: Array, flip: bool) -> Array:
    return x.swapaxes(-1, -2) if flip else x


@kernel
def matmul(out: Array, a: Array, b: Array, *, at: bool = False, bt: bool = False) -> None:
    """a b, either of them transposed if asked."""
    product(_flipped(a, at), _flipped(b, bt), out, each)


def _into(out: Array, a: Array, b: Array) -> None:
    """a b, summed over the leading axes along which the operand shaped like ``out`` was broadcast."""
    lead = out.shape[:-2]
    if a.shape[:-2] == lead == b.shape[:-2] or lead == np.broadcast_shapes(a.shape[:-2], b.shape[:-2]):
        product(a, b, out, each)
        return
    wide = product(a, b, None, each)
    extra = wide.ndim - out.ndim
    ones = tuple(k + extra for k, n in enumerate(out.shape) if n == 1 and wide.shape[k + extra] != 1)
    out[...] = added(wide, axis=(*range(extra), *ones), keepdims=True).reshape(out.shape)


@kernel
def matmul_a(out: Array, g: Array, b: Array, *, at: bool = False, bt: bool = False) -> None:
    """g bᵀ, or b gᵀ where a was read as aᵀ."""
    if at:
        _into(out, _flipped(b, bt), g.swapaxes(-1, -2))
    else:
        _into(out, g, _flipped(b, not bt))


@kernel
def matmul_b(out: Array, g: Array, a: Array, *, at: bool = False, bt: bool = False) -> None:
    """aᵀ g, or gᵀ a where b was read as bᵀ."""
    if bt:
        _into(out, g.swapaxes(-1, -2), _flipped(a, at))
    else:
        _into(out, _flipped(a, not at), g)


@kernel
def linear(out: Array, x: Array, W: Array, b: Array) -> None:
    """x W + b."""
    if x.size * len(b) <= SMALL and not flat(x, W):
        np.matmul(x, W, out)
        np.add(out, b, out)
    else:
        product(x, W, out, each, lambda part, columns: np.add(part, b[columns], part))


@kernel
def linear_x(out: Array, g: Array, W: Array) -> None:
    """g Wᵀ."""
    product(g, W.T, out, each)


@kernel
def linear_W(out: Array, g: Array, x: Array) -> None:
    """xᵀ g, over all rows."""
    product(rows(x).T, rows(g), out, each)


@kernel
def sum_rows(out: Array, g: Array) -> None:
    """Σ g over all rows; large sums a few columns at a time, each column by itself."""
    g = rows(g)
    if g.size <= BLOCK:
        added(g, 0, False, out)
        return
    step, n = max(64, BLOCK // len(g)), len(out)

    def some(start: int) -> None:
        stop = start + step if start + step < n - 1 else n  # NumPy adds a column that is alone in another order
        added(g[:, start:stop], 0, False, out[start:stop])

    each(some, range(0, max(1, n - 1), step))
