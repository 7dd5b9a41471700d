"""The parts that every block is made of: linear layers, activations, residual and norm, the feed-forward network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.op import Op
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import ModelConfig
from tfstep.ops.activation import gelu, gelu_tanh, silu, swiglu
from tfstep.ops.linear import linear, linear_no_bias
from tfstep.ops.norm import batch_norm, layer_norm, rms_norm
from tfstep.ops.primitive.elementwise import identity
from tfstep.ops.primitive.functions import relu, sigmoid, tanh

ACTIVATIONS: dict[str, Op] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "identity": identity,
}


def dense(at: Scope, x: Traced, W: str, b: str, width: int, c: ModelConfig, axis: Axis) -> Traced:
    """X W + b with its own parameters. Shapes: x (…, in) → (…, width)."""
    dtype = np.dtype(c.dtype)
    weight = at.parameter(W, Spec((x.shape[-1], width), dtype, axes("in", "out")), "weight")
    y: Traced
    if c.bias:
        y = linear(x, weight, at.parameter(b, Spec((width,), dtype, axes("out")), "bias"))
    else:
        at.removed("model.bias", b)
        y = linear_no_bias(x, weight)
    return y.with_axes(*x.axes[:-1], axis)


def norm(at: Scope, name: str, x: Traced, c: ModelConfig) -> Traced:
    """The normalization that the scenario asks for, with its own gamma and beta. Shapes: x (…, d) → (…, d)."""
    if c.norm == "none":
        at.removed("model.norm", name, f"{name}.gamma", f"{name}.beta")
        return x
    own = at.scope(name)
    spec = Spec((x.shape[-1],), x.dtype, (Axis("model"),))
    gamma = own.parameter("gamma", spec, "one")
    if c.norm == "rms":
        own.removed("model.norm", "beta")
        setattr(at, name, rms_norm(x, gamma, eps=c.eps))
    else:
        normalise = layer_norm if c.norm == "layer" else batch_norm
        setattr(at, name, normalise(x, gamma, own.parameter("beta", spec, "zero"), eps=c.eps))
    return at.tape.find(at.path(name))


def residual(at: Scope, name: str, x: Traced, fx: Traced, c: ModelConfig) -> Traced:
    """X + f(x): the information goes straight on (He et al. 2015)."""
    if not c.residual:
        at.removed("model.residual", name)
        return fx
    setattr(at, name, x + fx)
    return at.tape.find(at.path(name))


def sublayer(at: Scope, n: int, x: Traced, f: Callable[[Traced], Traced], c: ModelConfig) -> Traced:
    """Add & Norm around f: LN(x + f(x)), or x + f(LN(x)) with the norm before (Xiong et al. 2020)."""
    if c.norm_position == "pre":
        return residual(at, f"add{n}", x, f(norm(at, f"norm{n}", x, c)), c)
    return norm(at, f"norm{n}", residual(at, f"add{n}", x, f(x), c), c)


def last_norm(at: Scope, name: str, x: Traced, c: ModelConfig) -> Traced:
    """The norm that ends a stack of pre-norm blocks; after post-norm blocks there is none."""
    if c.norm_position == "pre":
        return norm(at, name, x, c)
    at.removed("model.norm_position", name, f"{name}.gamma", f"{name}.beta")
    return x


def feed_forward(at: Scope, x: Traced, c: ModelConfig) -> Traced:
    """FFN(x) = act(x W_1 + b_1) W_2 + b_2 (Vaswani et al. 2017, eq. 2). Shapes: x (batch, position, model) → same."""
    if c.activation == "swiglu":  # act = silu(x W_gate + b_gate) · (x W_1 + b_1) (Shazeer 2020)
        at.gate = dense(at, x, "W_gate", "b_gate", c.d_ff, c, Axis("hidden"))
    else:
        at.removed("model.activation", "gate", "W_gate", "b_gate")
    at.hidden = dense(at, x, "W_1", "b_1", c.d_ff, c, Axis("hidden"))
    at.act = swiglu(at.gate, at.hidden) if c.activation == "swiglu" else ACTIVATIONS[c.activation](at.hidden)
    at.out = dense(at, at.act, "W_2", "b_2", x.shape[-1], c, Axis("model"))
    return at.out
