"""Rotary positions: queries and keys turned by an angle that grows with their position (Su et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable

from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.shape import concat, reshape, take
from tfstep.text import Bilingual

TITLE = Bilingual("Rotary positions", "旋转位置编码")


class Rope(Op):
    """Pairs of features turned by their position's angle (Su et al. 2021, eq. 34).

    Shapes: x (batch, head, position, d_k), cos and sin (position, d) → as x. ``pairs``: features 2i and 2i+1
    (interleaved, as published), or i and i + d/2 (half, as Llama has it). Of x the first d features are turned, the
    rest goes on as it is.
    """

    about_zh = "成对的特征按位置的角度旋转；pairs 为 interleaved（2i 与 2i+1，论文）或 half（i 与 i + d_k/2，Llama）。"
    shapes_zh = "x (batch, head, position, d_k), cos 与 sin (position, d) → 同 x"
    formula = "{x} · cos + turned({x}) · sin"
    vjp_formula = {"x": "{g} · cos − turned({g} · sin)"}

    def forward(self, x: Array, cos: Array, sin: Array, *, pairs: str) -> Array:
        return of_first(x, cos, lambda x: x * cos + turned(x, pairs) * sin)

    def vjp_x(self, g: Array, y: Array, x: Array, cos: Array, sin: Array, *, pairs: str) -> Array:
        return of_first(g, cos, lambda g: g * cos - turned(named("g_sin", g * sin), pairs))


rope = op(Rope)


def of_first(x: Array, cos: Array, f: Callable[[Array], Array]) -> Array:
    """The first features, as many as cos has, through f; the rest as they are."""
    n, d = cos.shape[-1], x.shape[-1]
    if n == d:
        return f(x)
    first, rest = (take(x, axis=-1, start=a, stop=b) for a, b in ((0, n), (n, d)))
    return concat(named("turned", f(first)), rest)


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
