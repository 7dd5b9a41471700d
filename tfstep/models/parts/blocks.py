"""The parts that every block is made of: linear layers, activations, residual and norm, the feed-forward network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.build_error import ModelBuildError
from tfstep.models.config import ModelConfig
from tfstep.models.parts.dropped import dropped
from tfstep.models.parts.experts import experts
from tfstep.ops.activation import ACTIVATIONS, gated
from tfstep.ops.linear import linear, linear_no_bias
from tfstep.ops.norm import NORMS, WITHOUT_BETA, layer_unit, rms_unit
from tfstep.ops.primitive.shape import concat, reshape
from tfstep.ops.residual import add_both, add_times
from tfstep.text import Bilingual


def dense(at: Scope, x: Traced, W: str, b: str, width: int, c: ModelConfig, axis: Axis, site: str = "ffn") -> Traced:
    """X W + b with its own parameters; ``site`` is what `model.bias` calls it. Shapes: x (…, in) → (…, width)."""
    dtype = np.dtype(c.stored)
    weight = at.parameter(W, Spec((x.shape[-1], width), dtype, axes("in", "out")), "weight")
    own = (at.parameter(b, Spec((width,), dtype, axes("out")), "bias"),) if c.bias_at(site) else ()
    y: Traced = linear(x, weight, *own) if own else linear_no_bias(x, weight)
    return y.with_axes(*x.axes[:-1], axis)


def norm(at: Scope, name: str, x: Traced, c: ModelConfig, of: str = "") -> Traced:
    """The normalization that the scenario asks for. Shapes: x (…, d) → (…, d).

    Its gamma and beta stand under the step's own name, or under ``of``.
    """
    if c.norm == "none":
        return x
    normalise, own = (
        NORMS[c.norm] if c.bias_at("norm") else WITHOUT_BETA.get(c.norm, NORMS[c.norm]),
        at.scope(of or name),
    )
    spec = Spec((x.shape[-1],), x.dtype, (x.axes[-1].bare(),))
    gamma = gain(own, spec, c)
    shift = [own.parameter("beta", spec, "zero")] if "beta" in normalise.arguments else []
    setattr(at, name, normalise(x, gamma, *shift, eps=c.eps))
    return at.tape.find(at.path(name)).with_axes(*x.axes)


def gain(own: Scope, spec: Spec, c: ModelConfig) -> Traced:
    """What a norm multiplies by: its gamma, learned or 1, and where the scenario says so 1 more."""
    if c.norm_weight:
        gamma = own.parameter("gamma", spec, "zero" if c.norm_offset else "one")
    else:
        gamma = own.constant("gamma", np.full(spec.shape, 1 - c.norm_offset, spec.dtype), spec.axes)
    if c.norm_offset:
        gamma = own.scale = c.norm_offset + gamma
    return gamma


def norm_by_head(at: Scope, name: str, x: Traced, c: ModelConfig, of: str) -> Traced:
    """Each head normalised by itself and multiplied by a gamma of its own, ``OF.head{h}.gamma``, without a shift.

    Shapes: x (batch, head, position, d) → same.
    """
    own, (heads, d), (head, position, feature) = at.scope(of), x.shape[1::2], x.axes[1:]
    spec = Spec((d,), x.dtype, (feature.bare(),))
    each = [gain(own.scope(f"head{h}"), spec, c) for h in range(heads)]
    own.row = concat(*each, axis=0)
    own.gamma = reshape(own.row, shape=(heads, 1, d)).with_axes(head, position.bare(), feature)
    own.unit = (layer_unit if c.norm == "layer" else rms_unit)(x, eps=c.eps)
    setattr(at, name, own.unit * own.gamma)
    return at.tape.find(at.path(name)).with_axes(*x.axes)


def residual(at: Scope, name: str, x: Traced, fx: Traced, c: ModelConfig) -> Traced:
    """X + f(x): the information goes straight on (He et al. 2015)."""
    if not c.residual:
        return fx
    setattr(at, name, x + fx if c.residual_scale == 1 else add_times(x, fx, times=c.residual_scale))
    return at.tape.find(at.path(name))


def sublayer(
    at: Scope, n: int, x: Traced, f: Callable[[Traced], Traced], c: ModelConfig, normed: bool = True
) -> Traced:
    """Add & Norm around f, the norm N where the scenario has it.

    post: N(x + f(x)), the paper's. pre: x + f(N(x)) (Xiong et al. 2020). both: x + N′(f(N(x))). output: x + N(f(x)).
    Without ``normed`` f reads x as it is.
    """
    if c.norm_position == "post":
        fx = dropped(at, f"drop{n}", f(x), c.drop.residual, c)
        return norm(at, f"norm{n}", residual(at, f"add{n}", x, fx, c), c)
    fx = f(norm(at, f"norm{n}", x, c) if normed and c.norm_position != "output" else x)
    if c.norm_position != "pre":
        fx = norm(at, f"norm{n}" if c.norm_position == "output" else f"norm{n}_out", fx, c)
    return residual(at, f"add{n}", x, dropped(at, f"drop{n}", fx, c.drop.residual, c), c)


def block(
    at: Scope,
    x: Traced,
    attend: Callable[[Traced], Traced],
    digest: Callable[[Traced], Traced],
    c: ModelConfig,
    normed: bool = True,
) -> Traced:
    """Attention, then the feed-forward network; or both side by side, x + attn(N₁x) + ffn(N₂x) (GPT-J, GPT-NeoX).

    One of the two may be switched off. Raises ModelBuildError where both are, or where they should stand side by side.
    """
    if not (c.attention and c.ffn):
        _refuse_halves(c)
    if c.parallel == "none":
        if c.attention:
            x = sublayer(at, 1, x, attend, c, normed)
        return sublayer(at, 2, x, digest, c, normed or c.attention) if c.ffn else x
    y = norm(at, "norm1", x, c)
    attn = dropped(at, "drop1", attend(y), c.drop.residual, c)
    ffn = digest(y if c.parallel == "shared" else norm(at, "norm2", x, c))
    ffn = dropped(at, "drop2", ffn, c.drop.residual, c)
    at.add1 = add_both(x, attn, ffn)
    return at.add1


def _refuse_halves(c: ModelConfig) -> None:
    """Raises ModelBuildError where a block has nothing, or should have two parts side by side and has one."""
    if not (c.attention or c.ffn):
        raise ModelBuildError(
            ("model", "ffn"),
            Bilingual(
                "a block without attention and without ffn has nothing; switch one of them on",
                "既没有 attention 也没有 ffn 的块是空的；请打开其中一个",
            ),
        )
    if c.parallel != "none":
        raise ModelBuildError(
            ("model", "parallel"),
            Bilingual(
                "parallel puts attention and ffn side by side, and {off} is switched off; write parallel: none",
                "parallel 把 attention 和 ffn 并排放，而 {off} 已关掉；请写 parallel: none",
                off="ffn" if c.attention else "attention",
            ),
        )


def last_norm(at: Scope, name: str, x: Traced, c: ModelConfig) -> Traced:
    """The norm that ends a stack of layers; behind post-norm layers there is none unless it is asked for."""
    return norm(at, name, x, c) if c.final_norm else x


def feed_forward(at: Scope, x: Traced, c: ModelConfig) -> Traced:
    """FFN(x) = act(x W_1 + b_1) W_2 + b_2 (Vaswani et al. 2017, eq. 2). Shapes: x (batch, position, model) → same."""
    if c.experts is not None:
        return experts(at, x, c, feed_forward)
    act = ACTIVATIONS[c.activation]
    if c.gated:  # act(x W_gate + b_gate) · (x W_1 + b_1) (Shazeer 2020)
        at.gate = dense(at, x, "W_gate", "b_gate", c.d_ff, c, Axis("hidden"))
    at.hidden = dense(at, x, "W_1", "b_1", c.d_ff, c, Axis("hidden"))
    if not c.gated:
        at.act = act(at.hidden)
    elif len(act.arguments) > 1:
        at.act = act(at.gate, at.hidden)
    else:
        at.act = gated(at.gate, at.hidden, act=c.activation)
    kept = dropped(at, "drop", at.act, c.drop.hidden, c)
    at.out = dense(at, kept, "W_2", "b_2", x.shape[-1], c, Axis("model"))
    return at.out
