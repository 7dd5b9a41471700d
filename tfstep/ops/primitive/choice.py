"""Choosing between numbers, cell by cell: by a condition, or by which is larger."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.axis import Spec, broadcast
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Ref, TermSpec, Why, op
from tfstep.ops.primitive.elementwise import Elementwise, project, tensors
from tfstep.ops.primitive.reduce import unbroadcast
from tfstep.text import Bilingual, Template

TITLE = Bilingual("One of two", "二选一")


class Positive(Elementwise):
    """Where x > 0, as booleans."""

    about_zh = "x 是否大于 0。"
    purpose = Bilingual("1 where x > 0, else 0: where the unit is on.", "x > 0 处为 1，否则为 0：这一处通不通。")
    code = {"numpy": "{x} > 0", "torch": "{x} > 0"}

    formula = "{x} > 0"

    def infer(self, *args: Spec | Literal) -> Spec:
        """Booleans of the operand's shape."""
        (x,) = tensors(args)
        return Spec(x.shape, np.dtype(bool), x.axes)

    def forward(self, x: Array) -> Array:
        return x > 0

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        holds = bool(np.asarray(args[0])[cell] > 0)
        return Why("test", (TermSpec((Const(float(holds), "1" if holds else "0"),)),))


positive = op(Positive)


class Zero(Positive):
    """Where x is 0, as booleans."""

    about_zh = "x 是否为 0。"
    purpose = Bilingual("1 where x is 0.", "x 为 0 处是 1。")
    code = {"numpy": "{x} == 0", "torch": "{x} == 0"}

    formula = "{x} = 0"

    def forward(self, x: Array) -> Array:
        return x == 0

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        holds = bool(np.asarray(args[0])[cell] == 0)
        return Why("test", (TermSpec((Const(float(holds), "1" if holds else "0"),)),))


zero = op(Zero)


class Where(Elementwise):
    """One of two, cell by cell: a where the condition holds, else b."""

    about_zh = "逐单元格二选一：条件成立取 a，否则取 b。"
    purpose = Bilingual("One or the other, cell by cell, by the condition.", "按条件逐个单元格二选一。")
    code = {"numpy": "np.where({condition}, {a}, {b})", "torch": "torch.where({condition}, {a}, {b})"}

    formula = Template("{a} where {condition}, else {b}", "{condition} 处取 {a}，其余取 {b}")
    operator = "choose"
    vjp_formula = {
        "a": Template("{g} where {condition}, else 0", "{condition} 处取 {g}，其余为 0"),
        "b": Template("0 where {condition}, else {g}", "{condition} 处为 0，其余取 {g}"),
    }

    def infer(self, *args: Spec | Literal) -> Spec:
        """The branches broadcast with the condition and give the dtype."""
        spec = broadcast(*tensors(args))
        dtypes = [a.dtype for a in tensors(args[1:])] or [np.dtype(float)]
        return Spec(spec.shape, np.result_type(*dtypes), spec.axes)

    def forward(self, condition: Array, a: Array, b: Array) -> Array:
        return np.where(condition, a, b)

    def vjp_a(self, g: Array, y: Array, condition: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where(condition, g, 0.0), a)

    def vjp_b(self, g: Array, y: Array, condition: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where(condition, 0.0, g), b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        holds = bool(np.asarray(args[0])[project(cell, args[0])])
        taken = 1 if holds else 2
        return Why("view", view=Ref(taken, project(cell, args[taken])))


where = op(Where)


class Maximum(Elementwise):
    """The larger of two, cell by cell; NaN where one is. Shapes broadcast. A tie shares the gradient."""

    about_zh = "逐单元格取较大者；有 NaN 则为 NaN。并列时平分梯度。"
    code = {"numpy": "np.maximum({a}, {b})", "torch": "torch.maximum({a_tensor}, {b_tensor})"}

    formula = "max({a}, {b})"
    vjp_formula = {
        "a": Template("{g} where {a} > {b}, ½ {g} where equal", "{a} > {b} 处取 {g}，相等处取 ½ {g}"),
        "b": Template("{g} where {b} > {a}, ½ {g} where equal", "{b} > {a} 处取 {g}，相等处取 ½ {g}"),
    }

    def forward(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where_larger(a, b, g), a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where_larger(b, a, g), b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = (number(x, cell) for x in args)
        taken = 0 if a >= b or a != a else 1
        return Why("max", (TermSpec((Ref(taken, project(cell, args[taken])),)),))


maximum = op(Maximum)


class Clamp(Elementwise):
    """x kept between low and high, numbers both. Its slope is 1 at them, too, as PyTorch takes it."""

    about_zh = "把 x 限制在 low 与 high 两个数之间；与 PyTorch 相同，恰在两端时斜率为 1。"
    code = {"numpy": "np.clip({x}, {low}, {high})", "torch": "torch.clamp({x}, {low}, {high})"}

    formula = "min(max({x}, {low}), {high})"
    vjp_formula = {"x": Template("{g} where {low} ≤ {x} ≤ {high}, else 0", "{low} ≤ {x} ≤ {high} 处取 {g}，其余为 0")}

    def forward(self, x: Array, low: Array, high: Array) -> Array:
        return np.minimum(np.maximum(x, low), high)

    def vjp_x(self, g: Array, y: Array, x: Array, low: Array, high: Array) -> Array:
        return where(zero(x - y), g, 0.0)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        x, low, high = (number(a, cell) for a in args)
        taken = 2 if high < max(x, low) else 1 if x < low else 0
        return Why("max", (TermSpec((Ref(taken, project(cell, args[taken])),)),))


clamp = op(Clamp)


class Minimum(Elementwise):
    """The smaller of two, cell by cell; NaN where one is. Shapes broadcast. A tie shares the gradient."""

    about_zh = "逐单元格取较小者；有 NaN 则为 NaN。并列时平分梯度。"
    code = {"numpy": "np.minimum({a}, {b})", "torch": "torch.minimum({a_tensor}, {b_tensor})"}

    formula = "min({a}, {b})"
    vjp_formula = {
        "a": Template("{g} where {a} < {b}, ½ {g} where equal", "{a} < {b} 处取 {g}，相等处取 ½ {g}"),
        "b": Template("{g} where {b} < {a}, ½ {g} where equal", "{b} < {a} 处取 {g}，相等处取 ½ {g}"),
    }

    def forward(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where_larger(b, a, g), a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(where_larger(a, b, g), b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = (number(x, cell) for x in args)
        taken = 0 if a <= b or a != a else 1
        return Why("min", (TermSpec((Ref(taken, project(cell, args[taken])),)),))


minimum = op(Minimum)


def where_larger(a: Array, b: Array, g: Array) -> Array:
    """g where a > b, half of it where they are equal, else 0."""
    return 0.5 * (where(positive(a - b), g, 0.0) + where(positive(b - a), 0.0, g))


def number(x: Any, cell: Cell) -> float:
    """The number of an operand, an array or a `Literal`, that goes into a cell of the result."""
    return float(x.value if isinstance(x, Literal) else x[project(cell, x)])
