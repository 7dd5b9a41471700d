"""Normalization: of each word's own features (layer, RMS), or of one feature over the whole batch (batch)."""

from __future__ import annotations

from tfstep.engine.accel import norm as fast
from tfstep.engine.op import Array, Op, op
from tfstep.engine.tape import named
from tfstep.ops.linear import rows
from tfstep.ops.primitive.functions import sqrt
from tfstep.ops.primitive.reduce import mean, sum_
from tfstep.text import Bilingual, Template

TITLE = Bilingual("Normalisation", "归一化")


def normalised(x: Array, eps: float, axis: int | tuple[int, ...] = -1) -> tuple[Array, Array]:
    """x̂ = (x − mean) / std over the last axis, or those given, and std."""
    centred = named("centred", x - named("mean", mean(x, axis=axis)))
    variance = named("variance", mean(centred * centred, axis=axis))
    std = named("std", sqrt(variance + eps))
    return named("xhat", centred / std), std


class LayerNorm(Op):
    """Each word's features to mean 0 and variance 1, then scaled and shifted.

    Shapes: x (…, d), gamma (d), beta (d) → (…, d). Ba, Kiros & Hinton 2016, eq. 4.
    """

    about_zh = "把每个词自己的特征化为均值 0、方差 1，再缩放、平移。"
    code = {"torch": "torch.nn.functional.layer_norm({x}, {x}.shape[-1:], {gamma}, {beta}, {eps})"}
    formula = "{gamma} · ({x} − mean) / √(variance + {eps}) + {beta}"
    vjp_formula = {
        "x": "(ĝ − mean ĝ − x̂ · mean(ĝ · x̂)) / std, ĝ = {g} · {gamma}",
        "gamma": "Σ {g} · x̂",
        "beta": "Σ {g}",
    }
    kernel, kernel_x = fast.layer_norm, fast.layer_norm_x
    kernel_gamma, kernel_beta = fast.layer_norm_gamma, fast.layer_norm_beta

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


class RmsNorm(Op):
    """Each word's features divided by their root mean square, then scaled. Shapes: x (…, d), gamma (d) → (…, d).

    Source: Zhang & Sennrich 2019, eq. 4.
    """

    about_zh = "每个词的特征除以自己的均方根，再缩放。"
    formula = "{gamma} · {x} / √(mean {x}² + {eps})"
    vjp_formula = {"x": "(ĝ − x̂ · mean(ĝ · x̂)) / rms, ĝ = {g} · {gamma}", "gamma": "Σ {g} · x̂"}

    def forward(self, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, _ = over_rms(x, eps)
        return xhat * gamma

    def vjp_x(self, g: Array, y: Array, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, rms = over_rms(x, eps)
        ghat = named("ghat", g * gamma)
        return named("sideways", ghat - xhat * named("along", mean(ghat * xhat))) / rms

    def vjp_gamma(self, g: Array, y: Array, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, _ = over_rms(x, eps)
        return sum_(rows(g * xhat), axis=0, keepdims=False)


rms_norm = op(RmsNorm)


def over_rms(x: Array, eps: float) -> tuple[Array, Array]:
    """x̂ = x / rms over the last axis, and rms."""
    square = named("square", x * x)
    rms = named("rms", sqrt(named("mean", mean(square)) + eps))
    return named("xhat", x / rms), rms


class BatchNorm(Op):
    """Each feature to mean 0 and variance 1 over batch and position, then scaled and shifted.

    Shapes: x (…, d), gamma (d), beta (d) → (…, d). Ioffe & Szegedy 2015, algorithm 1, as in training.
    """

    about_zh = "把每个特征在批次和位置上化为均值 0、方差 1，再缩放、平移（训练时的算法）。"
    formula = Template(
        "{gamma} · ({x} − mean) / √(variance + {eps}) + {beta}, over batch and position",
        "{gamma} · ({x} − mean) / √(variance + {eps}) + {beta}，沿批次和位置",
    )
    vjp_formula = {
        "x": "(ĝ − mean ĝ − x̂ · mean(ĝ · x̂)) / std, ĝ = {g} · {gamma}",
        "gamma": "Σ {g} · x̂",
        "beta": "Σ {g}",
    }

    def forward(self, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps, leading(x))
        return xhat * gamma + beta

    def vjp_x(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        over = leading(x)
        xhat, std = normalised(x, eps, over)
        ghat = named("ghat", g * gamma)
        along = named("along", mean(ghat * xhat, axis=over))
        return named("sideways", ghat - named("ghat_mean", mean(ghat, axis=over)) - xhat * along) / std

    def vjp_gamma(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps, leading(x))
        return sum_(rows(g * xhat), axis=0, keepdims=False)

    def vjp_beta(self, g: Array, y: Array, x: Array, gamma: Array, beta: Array, *, eps: float) -> Array:
        return sum_(rows(g), axis=0, keepdims=False)


batch_norm = op(BatchNorm)


def leading(x: Array) -> tuple[int, ...]:
    """Every axis but the last."""
    return tuple(range(len(x.shape) - 1))


class LayerNormNoBias(Op):
    """Each word's features to mean 0 and variance 1, then scaled, without a shift. Shapes: x (…, d), gamma (d) → (…, d).

    Source: Ba, Kiros & Hinton 2016, eq. 4.
    """

    about_zh = "把每个词自己的特征化为均值 0、方差 1，再缩放，不平移。"
    formula = "{gamma} · ({x} − mean) / √(variance + {eps})"
    vjp_formula = {"x": "(ĝ − mean ĝ − x̂ · mean(ĝ · x̂)) / std, ĝ = {g} · {gamma}", "gamma": "Σ {g} · x̂"}

    def forward(self, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps)
        return xhat * gamma

    def vjp_x(self, g: Array, y: Array, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, std = normalised(x, eps)
        ghat = named("ghat", g * gamma)
        along = named("along", mean(ghat * xhat))
        return named("sideways", ghat - named("ghat_mean", mean(ghat)) - xhat * along) / std

    def vjp_gamma(self, g: Array, y: Array, x: Array, gamma: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps)
        return sum_(rows(g * xhat), axis=0, keepdims=False)


layer_norm_no_bias = op(LayerNormNoBias)


class RmsUnit(Op):
    """Features divided by their root mean square, and nothing learned. Shapes: x (…, d) → (…, d).

    Source: Zhang & Sennrich 2019, eq. 4, without its gain.
    """

    about_zh = "特征除以自己的均方根，没有要学的参数。"
    formula = "{x} / √(mean {x}² + {eps})"
    vjp_formula = {"x": "({g} − x̂ · mean({g} · x̂)) / rms"}

    def forward(self, x: Array, *, eps: float) -> Array:
        xhat, _ = over_rms(x, eps)
        return xhat

    def vjp_x(self, g: Array, y: Array, x: Array, *, eps: float) -> Array:
        xhat, rms = over_rms(x, eps)
        return named("sideways", g - xhat * named("along", mean(g * xhat))) / rms


rms_unit = op(RmsUnit)


class LayerUnit(Op):
    """Features to mean 0 and variance 1, and nothing learned. Shapes: x (…, d) → (…, d).

    Source: Ba, Kiros & Hinton 2016, eq. 4, without its gain and bias.
    """

    about_zh = "特征化为均值 0、方差 1，没有要学的参数。"
    formula = "({x} − mean) / √(variance + {eps})"
    vjp_formula = {"x": "({g} − mean {g} − x̂ · mean({g} · x̂)) / std"}

    def forward(self, x: Array, *, eps: float) -> Array:
        xhat, _ = normalised(x, eps)
        return xhat

    def vjp_x(self, g: Array, y: Array, x: Array, *, eps: float) -> Array:
        xhat, std = normalised(x, eps)
        along = named("along", mean(g * xhat))
        return named("sideways", g - named("mean", mean(g)) - xhat * along) / std


layer_unit = op(LayerUnit)


NORMS: dict[str, Op] = {"layer": layer_norm, "rms": rms_norm, "batch": batch_norm}
"""What `model.norm` may be; its operands say whether it shifts by a beta."""
WITHOUT_BETA: dict[str, Op] = {"layer": layer_norm_no_bias, "rms": rms_norm}
"""The same without a shift, where `model.bias.norm` is false."""
