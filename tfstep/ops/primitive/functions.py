"""Functions of one number, applied to each cell; powers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfstep.engine.accel import elementwise as fast
from tfstep.engine.arrays.erf import erf as _erf
from tfstep.engine.node import Literal
from tfstep.engine.op import Array, Cell, Ref, TermSpec, Why, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import positive, where, zero
from tfstep.ops.primitive.elementwise import Elementwise, project
from tfstep.ops.primitive.reduce import unbroadcast
from tfstep.text import Bilingual, Template

NUMPY_ERF = """def erf(x):
    # NumPy has none: a Taylor series about the nearest of 0, 1/8 … 6 (Abramowitz & Stegun 7.1.19)
    nodes = np.arange(49) / 8
    table = [np.array([math.erf(c) for c in nodes])]
    slope = 2 / math.sqrt(math.pi) * np.exp(-nodes * nodes)
    before, hermite = np.zeros_like(nodes), np.ones_like(nodes)
    for n in range(1, 13):
        table.append(slope * hermite * (-1) ** (n - 1) / math.factorial(n))
        before, hermite = hermite, 2 * nodes * hermite - 2 * (n - 1) * before
    wide = np.asarray(x, np.float64)
    size = np.minimum(np.abs(wide), 6)
    nearest = np.rint(np.where(np.isnan(size), 0.0, size) * 8).astype(int)
    offset, total = size - nearest / 8, table[12][nearest]
    for n in range(11, -1, -1):
        total = total * offset + table[n][nearest]
    return np.copysign(total, wide).astype(x.dtype)
"""


TITLE = Bilingual("Functions of one number", "一元函数")


class Function(Elementwise):
    """A function of one number, applied to each cell."""

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why(self.name, (TermSpec((Ref(0, cell),), fn=self.name),))


class Exp(Function):
    """Exponential: x → eˣ."""

    about_zh = "指数函数 eˣ。"
    code = {"numpy": "np.exp({x})", "torch": "torch.exp({x})"}

    formula = "exp({x})"
    vjp_formula = {"x": "{g} · {y}"}

    def forward(self, x: Array) -> Array:
        return np.exp(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * y

    def number(self, x: float) -> float:
        try:
            return math.exp(x)
        except OverflowError:
            return math.inf


exp = op(Exp)


class Log(Function):
    """Natural logarithm: x → ln x; −inf at 0, NaN below."""

    about_zh = "自然对数；0 处为 −inf，负数为 NaN。"
    code = {"numpy": "np.log({x})", "torch": "torch.log({x})"}

    formula = "log({x})"
    vjp_formula = {"x": "{g} / {x}"}

    def forward(self, x: Array) -> Array:
        return np.log(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g / x

    def number(self, x: float) -> float:
        return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


log = op(Log)


class Sqrt(Function):
    """Square root: x → √x."""

    about_zh = "平方根。"
    code = {"numpy": "np.sqrt({x})", "torch": "torch.sqrt({x})"}

    exact = True
    formula = "√({x})"
    vjp_formula = {"x": "{g} / (2 {y})"}

    def forward(self, x: Array) -> Array:
        return np.sqrt(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * 0.5 / y

    def number(self, x: float) -> float:
        return math.sqrt(x) if x >= 0 else math.nan


sqrt = op(Sqrt)


class Root(Sqrt):
    """Square root of a sum of squares. At 0, the kink of a length, its slope is taken as 0, as PyTorch takes that of
    `norm` and `std` (torch 2.13: functions.yaml, FunctionsManual.cpp); the slope of `sqrt` is infinite there."""

    about_zh = "平方和的平方根；0 处的斜率取 0，与 PyTorch 的 norm、std 相同。"
    code = {"numpy": "np.sqrt({x})", "torch": "root({x})"}
    helper = {
        "torch": """def root(x):
    # The square root, with slope 0 at 0.
    inside = torch.where(x > 0, x, torch.ones_like(x))
    return torch.where(x > 0, torch.sqrt(inside), torch.zeros_like(x))
"""
    }

    vjp_formula = {"x": Template("{g} / (2 {y}), 0 at 0", "{g} / (2 {y})，0 处取 0")}

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * 0.5 / where(positive(y), y, np.inf)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        return Why("sqrt", (TermSpec((Ref(0, cell),), fn="sqrt"),))


root = op(Root)


class Deviation(Root):
    """Square root of a variance: at 0 nothing comes back whatever the gradient is, as of PyTorch's `std`."""

    about_zh = "方差的平方根；在 0 处，无论梯度是多少都不回传，与 PyTorch 的 std 相同。"

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(y), g * 0.5 / y, 0.0)


deviation = op(Deviation)


class Tanh(Function):
    """Hyperbolic tangent."""

    about_zh = "双曲正切。"
    code = {"numpy": "np.tanh({x})", "torch": "torch.tanh({x})"}

    formula = "tanh({x})"
    vjp_formula = {"x": "{g} · (1 − {y}²)"}

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * named("slope", 1 - y * y)

    def number(self, x: float) -> float:
        return math.tanh(x)


tanh = op(Tanh)


class Sigmoid(Function):
    """The logistic function, 1 / (1 + e⁻ˣ); it never overflows."""

    about_zh = "logistic 函数 1 / (1 + e⁻ˣ)，不会溢出。"
    code = {"numpy": "sigmoid({x})", "torch": "torch.sigmoid({x})"}
    helper = {
        "numpy": """def sigmoid(x):
    # 1 / (1 + exp(-x)), without overflow on either side.
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
"""
    }

    formula = "σ({x})"
    vjp_formula = {"x": "{g} · {y} · (1 − {y})"}

    def forward(self, x: Array) -> Array:
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * y * named("one_minus_y", 1 - y)

    def number(self, x: float) -> float:
        return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


sigmoid = op(Sigmoid)


class Sin(Function):
    """Sine, of radians."""

    about_zh = "正弦（弧度）。"
    code = {"numpy": "np.sin({x})", "torch": "torch.sin({x})"}

    formula = "sin({x})"
    vjp_formula = {"x": "{g} · cos({x})"}

    def forward(self, x: Array) -> Array:
        return np.sin(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * cos(x)

    def number(self, x: float) -> float:
        return math.sin(x) if math.isfinite(x) else math.nan


sin = op(Sin)


class Cos(Function):
    """Cosine, of radians."""

    about_zh = "余弦（弧度）。"
    code = {"numpy": "np.cos({x})", "torch": "torch.cos({x})"}

    formula = "cos({x})"
    vjp_formula = {"x": "−{g} · sin({x})"}

    def forward(self, x: Array) -> Array:
        return np.cos(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return -(g * sin(x))

    def number(self, x: float) -> float:
        return math.cos(x) if math.isfinite(x) else math.nan


cos = op(Cos)


class Erf(Function):
    """The error function, 2/√π ∫₀ˣ exp(−t²) dt (Abramowitz & Stegun 7.1.1)."""

    about_zh = "误差函数 2/√π ∫₀ˣ exp(−t²) dt。"
    code = {"numpy": "erf({x})", "torch": "torch.erf({x})"}
    helper = {"numpy": NUMPY_ERF}

    formula = "erf({x})"
    vjp_formula = {"x": "{g} · 2/√π · exp(−{x}²)"}

    def forward(self, x: Array) -> Array:
        return _erf(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * (2 / np.pi**0.5 * exp(-(x * x)))

    def number(self, x: float) -> float:
        return math.erf(x)


erf = op(Erf)


class Abs(Function):
    """Absolute value; its slope at 0 is taken as 0."""

    about_zh = "绝对值；在 0 处斜率取 0。"
    code = {"numpy": "np.abs({x})", "torch": "torch.abs({x})"}

    formula = "|{x}|"
    vjp_formula = {"x": "{g} · sign({x})"}

    def forward(self, x: Array) -> Array:
        return np.abs(x)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(x), g, 0.0) - where(positive(-x), g, 0.0)

    def number(self, x: float) -> float:
        return x if x > 0 else 0.0 - x


abs = op(Abs)


class Relu(Function):
    """Rectified linear unit, max(x, 0) (Nair & Hinton 2010); its slope at the kink 0 is taken as 0."""

    about_zh = "修正线性单元 max(x, 0)；在折点 0 处斜率取 0。"
    code = {"numpy": "np.maximum({x}, 0)", "torch": "torch.relu({x})"}

    formula = "max({x}, 0)"
    vjp_formula = {"x": Template("{g} where {x} > 0, else 0", "{x} > 0 处取 {g}，其余为 0")}
    kernel, kernel_x = fast.relu, fast.relu_x

    def forward(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return where(positive(x), g, 0.0)

    def number(self, x: float) -> float:
        return 0.0 if x < 0 else x


relu = op(Relu)


class Pow(Elementwise):
    """Power. Shapes broadcast: a, n → aⁿ; NaN for a fractional power of a negative number. The slope along a is 0
    where n is 0, and that along n where a is 0, as in PyTorch."""

    about_zh = (
        "乘方，可广播；负数的分数次方为 NaN。与 PyTorch 相同：n 为 0 处对 a 的斜率取 0，a 为 0 处对 n 的斜率取 0。"
    )
    code = {"numpy": "{a}**{n}", "torch": "{a}**{n}"}

    formula = "{a}^{n}"
    operator = "**"
    vjp_formula = {"a": "{g} · {n} · {a}^({n}−1)", "n": "{g} · {y} · log {a}"}

    def forward(self, a: Array, n: Array) -> Array:
        return a**n

    def vjp_a(self, g: Array, y: Array, a: Array, n: Array) -> Array:
        if isinstance(n, int | float) and not n:
            return unbroadcast(g * 0.0, a)
        slope = 2 * a if isinstance(n, int | float) and n == 2 else n * a ** (n - 1)
        return unbroadcast(g * slope if isinstance(n, int | float) else where(zero(n), 0.0, g * slope), a)

    def vjp_n(self, g: Array, y: Array, a: Array, n: Array) -> Array:
        rate = float(log(a)) if isinstance(a, int | float) else log(a)  # a literal takes the dtype of the tensors
        return unbroadcast(g * (y * rate) if isinstance(a, int | float) else where(zero(a), 0.0, g * (y * rate)), n)

    def why(self, cell: Cell, args: list[Any], attrs: dict[str, Any]) -> Why:
        a, n = args
        power = n.value if isinstance(n, Literal) else float(n[project(cell, n)])
        return Why("product", (TermSpec((Ref(0, project(cell, a), power),)),))


pow = op(Pow)
