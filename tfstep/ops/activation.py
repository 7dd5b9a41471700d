"""Smooth activation functions, as algebra over primitives."""

from __future__ import annotations

from tfstep.engine.accel import activation as fast
from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.functions import erf, exp, relu, sigmoid, tanh

ROOT_HALF = 0.5**0.5
ROOT_2_PI = (2 / 3.141592653589793) ** 0.5


class Gelu(Op):
    """Gaussian error linear unit, x Φ(x) (Hendrycks & Gimpel 2016). Shapes: x (…) → (…)."""

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


ACTIVATIONS: dict[str, Op] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "swiglu": swiglu,
    "identity": identity,
}
"""What `model.activation` may be; one with two operands has a gate in front of the hidden values."""
