"""Smooth activation functions, as algebra over primitives."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tfstep.engine.accel import activation as fast
from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.choice import maximum, minimum, where_larger
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.functions import erf, exp, relu, sigmoid, tanh
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Activations", "激活函数")

ROOT_HALF = 0.5**0.5
QUICK, LIMIT = 1.702, 7.0
ROOT_2_PI = (2 / 3.141592653589793) ** 0.5


class Gelu(Op):
    """Gaussian error linear unit, x Φ(x) (Hendrycks & Gimpel 2016). Shapes: x (…) → (…)."""

    about_zh = "高斯误差线性单元 x Φ(x)。"
    code = {"torch": "torch.nn.functional.gelu({x})"}
    formula = "½ {x} (1 + erf({x} / √2))"
    vjp_formula = {"x": "{g} · (Φ({x}) + {x} φ({x}))"}
    kernel, kernel_x = fast.gelu, fast.gelu_x

    def forward(self, x: Array) -> Array:
        return x * named("Phi", 0.5 * (1 + erf(x * ROOT_HALF)))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        Phi = named("Phi", 0.5 * (1 + erf(x * ROOT_HALF)))
        phi = named("phi", ROOT_2_PI / 2 * exp(-0.5 * (x * x)))
        return g * named("slope", Phi + x * phi)


gelu = op(Gelu)


class GeluTanh(Op):
    """GELU by its tanh approximation (Hendrycks & Gimpel 2016, section 2), as GPT-2 uses it. Shapes: x (…) → (…)."""

    about_zh = "GELU 的 tanh 近似，GPT-2 所用。"
    code = {"torch": "torch.nn.functional.gelu({x}, approximate='tanh')"}
    formula = "½ {x} (1 + tanh(√(2/π) ({x} + 0.044715 {x}³)))"
    vjp_formula = {"x": "{g} · (½ (1 + t) + ½ {x} (1 − t²) √(2/π) (1 + 3 · 0.044715 {x}²))"}
    kernel, kernel_x = fast.gelu_tanh, fast.gelu_tanh_x

    def forward(self, x: Array) -> Array:
        t = named("tanh", tanh(ROOT_2_PI * (x + 0.044715 * (x * x * x))))
        return x * named("gate", 0.5 * (1 + t))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        t = named("tanh", tanh(ROOT_2_PI * (x + 0.044715 * (x * x * x))))
        inner = named("inner_slope", ROOT_2_PI * (1 + 0.134145 * (x * x)))
        return g * named("slope", 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)


gelu_tanh = op(GeluTanh)


class Silu(Op):
    """Sigmoid-weighted linear unit, x σ(x) (Elfwing et al. 2017). Shapes: x (…) → (…)."""

    about_zh = "x 乘以自己的 sigmoid。"
    code = {"torch": "torch.nn.functional.silu({x})"}
    formula = "{x} · σ({x})"
    vjp_formula = {"x": "{g} · σ({x}) · (1 + {x} (1 − σ({x})))"}

    def forward(self, x: Array) -> Array:
        return x * named("sigmoid", sigmoid(x))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        s = named("sigmoid", sigmoid(x))
        return g * named("slope", s * (1 + x * (1 - s)))


silu = op(Silu)


class Swiglu(Op):
    """A gate in front of the hidden values, silu(gate) · hidden (Shazeer 2020, eq. 6). Shapes: (…), (…) → (…)."""

    about_zh = "隐藏层前加一道门：silu(gate) · hidden。"
    formula = "silu({gate}) · {hidden}"
    vjp_formula = {"gate": "{g} · {hidden} · silu′({gate})", "hidden": "{g} · silu({gate})"}

    def forward(self, gate: Array, hidden: Array) -> Array:
        return named("silu", silu(gate)) * hidden

    def vjp_gate(self, g: Array, y: Array, gate: Array, hidden: Array) -> Array:
        s = named("sigmoid", sigmoid(gate))
        return g * hidden * named("slope", s * (1 + gate * (1 - s)))

    def vjp_hidden(self, g: Array, y: Array, gate: Array, hidden: Array) -> Array:
        return g * named("silu", silu(gate))


swiglu = op(Swiglu)


class QuickGelu(Op):
    """GELU by a sigmoid, x σ(1.702 x) (Hendrycks & Gimpel 2016, section 2), as CLIP uses it. Shapes: x (…) → (…)."""

    about_zh = "用 sigmoid 近似的 GELU：x σ(1.702 x)，CLIP 所用。"
    formula = "{x} · σ(1.702 {x})"
    vjp_formula = {"x": "{g} · σ(1.702 {x}) · (1 + 1.702 {x} (1 − σ(1.702 {x})))"}

    def forward(self, x: Array) -> Array:
        return x * named("sigmoid", sigmoid(QUICK * x))

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return g * quick_slope(x)


quick_gelu = op(QuickGelu)


def quick_slope(x: Array) -> Array:
    """The derivative of x σ(1.702 x)."""
    s = named("sigmoid", sigmoid(QUICK * x))
    return named("slope", s * (1 + QUICK * x * (1 - s)))


class ReluSquared(Op):
    """The square of what is positive, max(x, 0)² (So et al. 2021, Primer). Shapes: x (…) → (…)."""

    about_zh = "正数取平方，其余为 0：max(x, 0)²。"
    formula = "max({x}, 0)²"
    vjp_formula = {"x": "2 {g} · max({x}, 0)"}

    def forward(self, x: Array) -> Array:
        positive = named("positive", relu(x))
        return positive * positive

    def vjp_x(self, g: Array, y: Array, x: Array) -> Array:
        return 2 * g * named("positive", relu(x))


relu_squared = op(ReluSquared)


class SwigluClamped(Op):
    """A gate on values that are kept within ±7, (u + 1) g σ(1.702 g) with g = min(gate, 7) and u = hidden in ±7.

    Shapes: (…), (…) → (…). As gpt-oss uses it.
    """

    about_zh = "把值限制在 ±7 之内的门：(u + 1) g σ(1.702 g)，g = min(gate, 7)，u 为 ±7 之内的 hidden；gpt-oss 所用。"
    formula = "({hidden}|±7 + 1) · g · σ(1.702 g), g = min({gate}, 7)"
    vjp_formula = {
        "gate": Template(
            "{g} · ({hidden}|±7 + 1) · slope(min({gate}, 7)), 0 above 7",
            "{g} · ({hidden}|±7 + 1) · slope(min({gate}, 7))，大于 7 处为 0",
        ),
        "hidden": Template("{g} · g · σ(1.702 g), 0 outside ±7", "{g} · g · σ(1.702 g)，±7 之外为 0"),
    }

    def forward(self, gate: Array, hidden: Array) -> Array:
        low = named("low", minimum(gate, LIMIT))
        return (named("within", within(hidden)) + 1) * named("act", quick_gelu(low))

    def vjp_gate(self, g: Array, y: Array, gate: Array, hidden: Array) -> Array:
        return where_larger(LIMIT, gate, g * (named("within", within(hidden)) + 1) * quick_slope(gate))

    def vjp_hidden(self, g: Array, y: Array, gate: Array, hidden: Array) -> Array:
        back = g * named("act", quick_gelu(minimum(gate, LIMIT)))
        return where_larger(LIMIT, hidden, where_larger(hidden, -LIMIT, back))


swiglu_clamped = op(SwigluClamped)


def within(x: Array) -> Array:
    """X kept within ±7."""
    return minimum(maximum(x, -LIMIT), LIMIT)


class Gated(Op):
    """A gate in front of the hidden values, through any activation of one operand. Shapes: (…), (…) → (…).

    Source: Shazeer 2020, section 2.
    """

    about_zh = "隐藏层前加一道门，门用任意单输入激活函数：act(gate) · hidden。"
    formula = "{act}({gate}) · {hidden}"
    vjp_formula = {"gate": "{g} · {hidden} · {act}′({gate})", "hidden": "{g} · {act}({gate})"}

    def forward(self, gate: Array, hidden: Array, *, act: str) -> Array:
        return named("act", bent(gate, act)) * hidden

    def vjp_gate(self, g: Array, y: Array, gate: Array, hidden: Array, *, act: str) -> Array:
        return slope_of(act)(g * hidden, bent(gate, act), gate)

    def vjp_hidden(self, g: Array, y: Array, gate: Array, hidden: Array, *, act: str) -> Array:
        return g * named("act", bent(gate, act))


gated = op(Gated)


def slope_of(act: str) -> Callable[..., Array]:
    """The VJP of an activation of one operand: (g, y, x) → gradient of x."""
    return cast("Callable[..., Array]", ACTIVATIONS[act].vjp(0))


def bent(x: Array, act: str) -> Array:
    """X through an activation of one operand."""
    return ACTIVATIONS[act](x)


ACTIVATIONS: dict[str, Op] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "swiglu": swiglu,
    "identity": identity,
    "quick_gelu": quick_gelu,
    "relu_squared": relu_squared,
    "swiglu_clamped": swiglu_clamped,
}
"""What `model.activation` may be; one with two operands has a gate in front of the hidden values."""
