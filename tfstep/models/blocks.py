"""The parts that every block is made of: linear layers, activations, residual and norm, the feed-forward network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import ModelConfig
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.linear import linear, linear_no_bias
from tfstep.ops.norm import NORMS


def dense(at: Scope, x: Traced, W: str, b: str, width: int, c: ModelConfig, axis: Axis) -> Traced:
    """X W + b with its own parameters. Shapes: x (…, in) → (…, width)."""
    dtype = np.dtype(c.dtype)
    weight = at.parameter(W, Spec((x.shape[-1], width), dtype, axes("in", "out")), "weight")
    own = (at.parameter(b, Spec((width,), dtype, axes("out")), "bias"),) if c.bias else ()
    y: Traced = linear(x, weight, *own) if own else linear_no_bias(x, weight)
    return y.with_axes(*x.axes[:-1], axis)


def norm(at: Scope, name: str, x: Traced, c: ModelConfig) -> Traced:
    """The normalization that the scenario asks for, with its own gamma and beta. Shapes: x (…, d) → (…, d)."""
    if c.norm == "none":
        return x
    normalise, own = NORMS[c.norm], at.scope(name)
    roles = {"gamma": "one", "beta": "zero"}
    spec = Spec((x.shape[-1],), x.dtype, (Axis("model"),))
    parameters = [own.parameter(each, spec, roles[each]) for each in normalise.arguments[1:]]
    setattr(at, name, normalise(x, *parameters, eps=c.eps))
    return at.tape.find(at.path(name))


def residual(at: Scope, name: str, x: Traced, fx: Traced, c: ModelConfig) -> Traced:
    """X + f(x): the information goes straight on (He et al. 2015)."""
    if not c.residual:
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
    return norm(at, name, x, c) if c.norm_position == "pre" else x


def feed_forward(at: Scope, x: Traced, c: ModelConfig) -> Traced:
    """FFN(x) = act(x W_1 + b_1) W_2 + b_2 (Vaswani et al. 2017, eq. 2). Shapes: x (batch, position, model) → same."""
    activation = ACTIVATIONS[c.activation]
    gated = len(activation.arguments) > 1  # act = silu(x W_gate + b_gate) · (x W_1 + b_1) (Shazeer 2020)
    if gated:
        at.gate = dense(at, x, "W_gate", "b_gate", c.d_ff, c, Axis("hidden"))
    at.hidden = dense(at, x, "W_1", "b_1", c.d_ff, c, Axis("hidden"))
    at.act = activation(at.gate, at.hidden) if gated else activation(at.hidden)
    at.out = dense(at, at.act, "W_2", "b_2", x.shape[-1], c, Axis("model"))
    return at.out
