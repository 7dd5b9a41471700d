"""Rotary positions: queries and keys turned by an angle that grows with their position (Su et al. 2021)."""

from __future__ import annotations

import numpy as np

from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.shape import concat, reshape, take


class Rope(Op):
    """Pairs of features turned by their position's angle (Su et al. 2021, eq. 34).

    Shapes: x (batch, head, position, d_k), cos and sin (position, d_k) → as x. ``pairs``: features 2i and 2i+1
    (interleaved, as published), or i and i + d_k/2 (half, as Llama has it).
    """

    formula = "{x} · cos + turned({x}) · sin"
    vjp_formula = {"x": "{g} · cos − turned({g} · sin)"}

    def forward(self, x: Array, cos: Array, sin: Array, *, pairs: str) -> Array:
        return x * cos + turned(x, pairs) * sin

    def vjp_x(self, g: Array, y: Array, x: Array, cos: Array, sin: Array, *, pairs: str) -> Array:
        return g * cos - turned(named("g_sin", g * sin), pairs)


rope = op(Rope)


def turned(x: Array, pairs: str) -> Array:
    """Each pair (a, b) a quarter turn on: (−b, a)."""
    n = x.shape[-1]
    if pairs == "half":
        first = take(x, axis=-1, start=0, stop=n // 2)
        second = take(x, axis=-1, start=n // 2, stop=n)
        return concat(-second, first)
    column = (*x.shape[:-1], n // 2, 1)
    first = reshape(take(x, axis=-1, start=0, stop=n, step=2), shape=column)
    second = reshape(take(x, axis=-1, start=1, stop=n, step=2), shape=column)
    return reshape(concat(-second, first), shape=x.shape)


def rope_tables(length: int, d: int, base: float, pairs: str, offset: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The cos and sin of position · base^(−2i/d), for both features of each pair: (length, d) each."""
    frequency = base ** (-np.arange(0, d, 2) / d)
    each = np.tile(frequency, 2) if pairs == "half" else np.repeat(frequency, 2)
    angle = np.arange(offset, offset + length)[:, None] * each
    return np.cos(angle), np.sin(angle)
