"""Layer normalization (Ba, Kiros & Hinton 2016)."""

from __future__ import annotations

from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.elementwise import sqrt
from tfstep.ops.linear import rows
from tfstep.ops.reduce import mean, sum_


def normalised(x: Array, eps: float) -> tuple[Array, Array]:
    """x̂ = (x − mean) / std over the last axis, and std."""
    centred = named("centred", x - named("mean", mean(x)))
    variance = named("variance", mean(centred * centred))
    std = named("std", sqrt(variance + eps))
    return named("xhat", centred / std), std


class LayerNorm(Op):
    """Each word's features to mean 0 and variance 1, then scaled and shifted.

    Shapes: x (…, d), gamma (d), beta (d) → (…, d). Ba, Kiros & Hinton 2016, eq. 4.
    """

    formula = "{gamma} · ({x} − mean) / √(variance + {eps}) + {beta}"
    vjp_formula = {
        "x": "(ĝ − mean ĝ − x̂ · mean(ĝ · x̂)) / std, ĝ = {g} · {gamma}",
        "gamma": "Σ {g} · x̂",
        "beta": "Σ {g}",
    }

    def forward(self, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps)
        return xhat * gamma + beta

    def vjp_x(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        xhat, std = normalised(x, eps)
        ghat = named("ghat", g * gamma)
        along = named("along", mean(ghat * xhat))
        return named("sideways", ghat - named("ghat_mean", mean(ghat)) - xhat * along) / std

    def vjp_gamma(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps)
        return sum_(rows(g * xhat), axis=0, keepdims=False)

    def vjp_beta(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        return sum_(rows(g), axis=0, keepdims=False)


layer_norm = op(LayerNorm)
