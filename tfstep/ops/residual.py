"""Residual sums beyond x + f(x): with a multiplier, and of attention and feed-forward side by side."""

from __future__ import annotations

from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.text import Bilingual

TITLE = Bilingual("Residual sums", "残差相加")


class AddTimes(Op):
    """X and a multiple of what a sublayer makes of it. Shapes: x, fx (…) → (…)."""

    about_zh = "x 加上子层结果的若干倍。"
    formula = "{x} + {times} · {fx}"
    vjp_formula = {"x": "{g}", "fx": "{times} · {g}"}

    def forward(self, x: Array, fx: Array, *, times: float) -> Array:
        return x + named("times", times * fx)

    def vjp_x(self, g: Array, y: Array, x: Array, fx: Array, *, times: float) -> Array:
        return g

    def vjp_fx(self, g: Array, y: Array, x: Array, fx: Array, *, times: float) -> Array:
        return times * g


add_times = op(AddTimes)


class AddBoth(Op):
    """X and what both sublayers of a parallel block make of it. Shapes: x, attn, ffn (…) → (…).

    Source: Wang & Komatsuzaki 2021, GPT-J.
    """

    about_zh = "x 加上并排两个子层的结果。"
    formula = "{x} + {attn} + {ffn}"
    vjp_formula = {"x": "{g}", "attn": "{g}", "ffn": "{g}"}

    def forward(self, x: Array, attn: Array, ffn: Array) -> Array:
        return x + attn + ffn

    def vjp_x(self, g: Array, y: Array, x: Array, attn: Array, ffn: Array) -> Array:
        return g

    def vjp_attn(self, g: Array, y: Array, x: Array, attn: Array, ffn: Array) -> Array:
        return g

    def vjp_ffn(self, g: Array, y: Array, x: Array, attn: Array, ffn: Array) -> Array:
        return g


add_both = op(AddBoth)
