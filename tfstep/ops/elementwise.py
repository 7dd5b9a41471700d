"""Elementwise primitives: arithmetic with NumPy's broadcasting, and the functions of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.axis import Spec, broadcast
from tfstep.engine.op import Array, Cell, Const, Part, Primitive, Ref, Why, op
from tfstep.engine.plan import Lit
from tfstep.engine.tape import OPERATORS
from tfstep.ops.erf import erf as _erf
from tfstep.ops.reduce import unbroadcast


def project(cell: Cell, arg: Any) -> Cell:
    """The cell of a broadcast operand that goes into ``cell`` of the result."""
    if isinstance(arg, Lit):
        return ()
    shape = np.shape(arg)
    tail = cell[len(cell) - len(shape) :]
    return tuple(0 if n == 1 else i for i, n in zip(tail, shape, strict=True))


def tensors(args: tuple[Spec | Lit, ...]) -> list[Spec]:
    """The specs among the operands; bare numbers take the dtype of the tensors."""
    return [a for a in args if isinstance(a, Spec)]


class Elementwise(Primitive):
    """A primitive whose result has the broadcast shape of its operands."""

    def infer(self, *args: Spec | Lit) -> Spec:
        """Shapes broadcast."""
        return broadcast(*tensors(args))


class Add(Elementwise):
    """Sum. Shapes broadcast: a, b → a + b."""

    formula = "{a} + {b}"
    vjp_formula = {"a": "{g}", "b": "{g}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("sum", tuple(Part((Ref(k, project(cell, a)),)) for k, a in enumerate(args)))


add = op(Add)


class Sub(Elementwise):
    """Difference. Shapes broadcast: a, b → a − b."""

    formula = "{a} − {b}"
    vjp_formula = {"a": "{g}", "b": "−{g}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(-g, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = (Ref(k, project(cell, x)) for k, x in enumerate(args))
        return Why("sum", (Part((a,)), Part((Const(-1, "−1"), b))))


sub = op(Sub)


class Mul(Elementwise):
    """Elementwise product. Shapes broadcast: a, b → a ⊙ b."""

    formula = "{a} · {b}"
    vjp_formula = {"a": "{g} · {b}", "b": "{g} · {a}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g * b, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g * a, b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("product", (Part(tuple(Ref(k, project(cell, x)) for k, x in enumerate(args))),))


mul = op(Mul)


class Div(Elementwise):
    """Elementwise quotient. Shapes broadcast: a, b → a / b."""

    formula = "{a} / {b}"
    vjp_formula = {"a": "{g} / {b}", "b": "−{g} · {y} / {b}"}

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def vjp_a(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(g / b, a)

    def vjp_b(self, g: Array, y: Array, a: Array, b: Array) -> Array:
        return unbroadcast(-(g * y / b), b)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, b = args
        return Why("quotient", (Part((Ref(0, project(cell, a)), Ref(1, project(cell, b), -1))),))


div = op(Div)


class Neg(Elementwise):
    """Negation: a → −a."""

    formula = "−{a}"
    vjp_formula = {"a": "−{g}"}

    def forward(self, a: Array) -> Array:
        return -a

    def vjp_a(self, g: Array, y: Array, a: Array) -> Array:
        return -g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("product", (Part((Const(-1, "−1"), Ref(0, cell))),))


neg = op(Neg)


class Pow(Elementwise):
    """Power with a constant exponent: a → aⁿ."""

    formula = "{a}^{n}"
    vjp_formula = {"a": "{g} · {n} · {a}^({n}−1)"}

    def forward(self, a: Array, n: float) -> Array:
        return a**n

    def vjp_a(self, g: Array, y: Array, a: Array, n: float) -> Array:
        return g * (n * a ** (n - 1))

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("product", (Part((Ref(0, cell, args[1].value),)),))


pow = op(Pow)


class Function(Elementwise):
    """A function of one number, applied to each cell."""

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why(self.name, (Part((Ref(0, cell),), fn=self.name),))


class Exp(Function):
    """Exponential: x → eˣ."""

    formula = "exp({x})"
    vjp_formula = {"x": "{g} · {y}"}

    def forward(self, x: Array) -> Array:
        return np.exp(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * y


exp = op(Exp)


class Log(Function):
    """Natural logarithm: x → ln x; −inf at 0, NaN below."""

    formula = "log({x})"
    vjp_formula = {"x": "{g} / {x}"}

    def forward(self, x: Array) -> Array:
        return np.log(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g / x


log = op(Log)


class Sqrt(Function):
    """Square root: x → √x."""

    formula = "√({x})"
    vjp_formula = {"x": "{g} / (2 {y})"}

    def forward(self, x: Array) -> Array:
        return np.sqrt(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * 0.5 / y


sqrt = op(Sqrt)


class Tanh(Function):
    """Hyperbolic tangent."""

    formula = "tanh({x})"
    vjp_formula = {"x": "{g} · (1 − {y}²)"}

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * (1 - y * y)


tanh = op(Tanh)


class Sigmoid(Function):
    """The logistic function, 1 / (1 + e⁻ˣ); it never overflows."""

    formula = "σ({x})"
    vjp_formula = {"x": "{g} · {y} · (1 − {y})"}

    def forward(self, x: Array) -> Array:
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * (y * (1 - y))


sigmoid = op(Sigmoid)


class Sin(Function):
    """Sine, of radians."""

    formula = "sin({x})"
    vjp_formula = {"x": "{g} · cos({x})"}

    def forward(self, x: Array) -> Array:
        return np.sin(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * cos(x)


sin = op(Sin)


class Cos(Function):
    """Cosine, of radians."""

    formula = "cos({x})"
    vjp_formula = {"x": "−{g} · sin({x})"}

    def forward(self, x: Array) -> Array:
        return np.cos(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return -(g * sin(x))


cos = op(Cos)


class Erf(Function):
    """The error function, 2/√π ∫₀ˣ exp(−t²) dt (Abramowitz & Stegun 7.1.1)."""

    formula = "erf({x})"
    vjp_formula = {"x": "{g} · 2/√π · exp(−{x}²)"}

    def forward(self, x: Array) -> Array:
        return _erf(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * (2 / np.pi**0.5 * exp(-(x * x)))


erf = op(Erf)


class Abs(Function):
    """Absolute value; its slope at 0 is taken as 0."""

    formula = "|{x}|"
    vjp_formula = {"x": "{g} · sign({x})"}

    def forward(self, x: Array) -> Array:
        return np.abs(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(x), g, where(positive(-x), -g, 0.0))


abs = op(Abs)


class Relu(Function):
    """Rectified linear unit, max(x, 0) (Nair & Hinton 2010); its slope at the kink 0 is taken as 0."""

    formula = "max({x}, 0)"
    vjp_formula = {"x": "{g} where {x} > 0, else 0"}

    def forward(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(x), g, 0.0)


relu = op(Relu)


class Positive(Elementwise):
    """Where x > 0, as booleans."""

    formula = "{x} > 0"

    def infer(self, *args: Spec | Lit) -> Spec:
        """Booleans of the operand's shape."""
        (x,) = tensors(args)
        return Spec(x.shape, np.dtype(bool), x.axes)

    def forward(self, x: Array) -> Array:
        return x > 0

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        holds = bool(np.asarray(args[0])[cell] > 0)
        return Why("test", (Part((Const(float(holds), "1" if holds else "0"),)),))


positive = op(Positive)


class Where(Elementwise):
    """One of two, cell by cell: a where the condition holds, else b."""

    formula = "{a} where {condition}, else {b}"
    vjp_formula = {"a": "{g} where {condition}, else 0", "b": "0 where {condition}, else {g}"}

    def infer(self, *args: Spec | Lit) -> Spec:
        """The branches broadcast with the condition and give the dtype."""
        spec = broadcast(*tensors(args))
        return Spec(spec.shape, np.result_type(*(a.dtype for a in tensors(args[1:]))), spec.axes)

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


class Identity(Elementwise):
    """The same numbers under another name."""

    formula = "{x}"
    vjp_formula = {"x": "{g}"}

    def forward(self, x: Array) -> Array:
        return x

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("view", view=Ref(0, cell))


identity = op(Identity)


OPERATORS.update(add=add, sub=sub, mul=mul, div=div, neg=neg, pow=pow, where=where, identity=identity)
