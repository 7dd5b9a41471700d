"""Functions of one number, applied to each cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.accel.erf import erf as _erf
from tfstep.engine.op import Array, Cell, Ref, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import positive, where
from tfstep.ops.primitive.elementwise import Elementwise
from tfstep.text import Template


class Function(Elementwise):
    """A function of one number, applied to each cell."""

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why(self.name, (TermSpec((Ref(0, cell),), fn=self.name),))


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


class Root(Sqrt):
    """Square root of a sum of squares. At 0, the kink of a length, its slope is taken as 0, as PyTorch takes that of
    `norm` and `std` (torch 2.13: functions.yaml, FunctionsManual.cpp); the slope of `sqrt` is infinite there."""

    vjp_formula = {"x": Template("{g} / (2 {y}), 0 at 0", "{g} / (2 {y})，0 处取 0")}

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(y), g * 0.5 / where(positive(y), y, 1.0), 0.0 * y)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("sqrt", (TermSpec((Ref(0, cell),), fn="sqrt"),))


root = op(Root)


class Tanh(Function):
    """Hyperbolic tangent."""

    formula = "tanh({x})"
    vjp_formula = {"x": "{g} · (1 − {y}²)"}

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * named("slope", 1 - y * y)


tanh = op(Tanh)


class Sigmoid(Function):
    """The logistic function, 1 / (1 + e⁻ˣ); it never overflows."""

    formula = "σ({x})"
    vjp_formula = {"x": "{g} · {y} · (1 − {y})"}

    def forward(self, x: Array) -> Array:
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * y * named("one_minus_y", 1 - y)


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
        return where(positive(x), g, 0.0) - where(positive(-x), g, 0.0)


abs = op(Abs)


class Relu(Function):
    """Rectified linear unit, max(x, 0) (Nair & Hinton 2010); its slope at the kink 0 is taken as 0."""

    formula = "max({x}, 0)"
    vjp_formula = {"x": Template("{g} where {x} > 0, else 0", "{x} > 0 处取 {g}，其余为 0")}
    kernel, kernel_x = fast.relu, fast.relu_x

    def forward(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(x), g, 0.0)


relu = op(Relu)
