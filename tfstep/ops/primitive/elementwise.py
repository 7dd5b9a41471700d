"""Elementwise primitives: arithmetic with NumPy's broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.axis import Spec, broadcast
from tfstep.engine.cases.leading import aligned
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Const, Primitive, Ref, TermSpec, Why, op
from tfstep.ops.primitive.reduce import unbroadcast
from tfstep.text import Bilingual

TITLE = Bilingual("Arithmetic", "算术")


def project(cell: Cell, arg: Any) -> Cell:
    """The cell of a broadcast operand that goes into ``cell`` of the result."""
    if isinstance(arg, Literal):
        return ()
    shape = np.shape(arg)
    tail = cell[len(cell) - len(shape) :]
    return tuple(0 if n == 1 else i for i, n in zip(tail, shape, strict=True))


def tensors(args: tuple[Spec | Literal, ...]) -> list[Spec]:
    """The specs among the operands; bare numbers take the dtype of the tensors."""
    return [a for a in args if isinstance(a, Spec)]


class Elementwise(Primitive):
    """A primitive whose result has the broadcast shape of its operands."""

    leading = aligned

    def infer(self, *args: Spec | Literal) -> Spec:
        """Shapes broadcast."""
        return broadcast(*tensors(args))


class Add(Elementwise):
    """Sum. Shapes broadcast: a, b → a + b."""

    about_zh = "相加，可广播。"
    code = {"numpy": "{a} + {b}", "torch": "{a} + {b}"}

    formula = "{a} + {b}"
    operator = "+"
    exact = True
    vjp_formula = {"a": "{g}", "b": "{g}"}
    kernel = fast.add

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("sum", tuple(TermSpec((Ref(k, project(cell, a)),)) for k, a in enumerate(args)))


add = op(Add)


class Sub(Elementwise):
    """Difference. Shapes broadcast: a, b → a − b."""

    about_zh = "相减，可广播。"
    code = {"numpy": "{a} - {b}", "torch": "{a} - {b}"}

    formula = "{a} − {b}"
    operator = "-"
    exact = True
    vjp_formula = {"a": "{g}", "b": "−{g}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(-g, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = (Ref(k, project(cell, x)) for k, x in enumerate(args))
        return Why("sum", (TermSpec((a,)), TermSpec((Const(-1, "−1"), b))))


sub = op(Sub)


class Mul(Elementwise):
    """Elementwise product. Shapes broadcast: a, b → a ⊙ b."""

    about_zh = "逐元素相乘，可广播。"
    code = {"numpy": "{a} * {b}", "torch": "{a} * {b}"}

    formula = "{a} · {b}"
    operator = "*"
    exact = True
    vjp_formula = {"a": "{g} · {b}", "b": "{g} · {a}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g * b, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g * a, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("product", (TermSpec(tuple(Ref(k, project(cell, x)) for k, x in enumerate(args))),))


mul = op(Mul)


class Div(Elementwise):
    """Elementwise quotient. Shapes broadcast: a, b → a / b."""

    about_zh = "逐元素相除，可广播。"
    code = {"numpy": "{a} / {b}", "torch": "{a} / {b}"}

    formula = "{a} / {b}"
    operator = "/"
    exact = True
    vjp_formula = {"a": "{g} / {b}", "b": "−{g} · {y} / {b}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g / b, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(-(g * y / b), b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = args
        return Why("quotient", (TermSpec((Ref(0, project(cell, a)), Ref(1, project(cell, b), -1))),))


div = op(Div)


class Neg(Elementwise):
    """Negation: a → −a."""

    about_zh = "取负。"
    code = {"numpy": "-{a}", "torch": "-{a}"}

    formula = "−{a}"
    operator = "negative"
    exact = True
    vjp_formula = {"a": "−{g}"}

    def forward(self, a: Array) -> Array:
        return -a

    def vjp_a(self, g: Array, y: Array, a: Array) -> Array:
        return -g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("product", (TermSpec((Const(-1, "−1"), Ref(0, cell))),))


neg = op(Neg)


class Identity(Elementwise):
    """The same numbers under another name."""

    about_zh = "同样的数，换个名字。"
    purpose = Bilingual("Handed on as it is.", "原样传递。")
    code = {"numpy": "{x}", "torch": "{x}.clone()"}

    formula = "{x}"
    operator = "hand on"
    vjp_formula = {"x": "{g}"}

    def forward(self, x: Array) -> Array:
        return x

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("view", view=Ref(0, cell))


identity = op(Identity)
