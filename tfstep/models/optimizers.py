"""The optimizers, an entry each: the steps that give a parameter its new value, and what they remember."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Spec
from tfstep.engine.tape import Scope, Traced
from tfstep.ops.optim import (
    adam_denominator,
    adam_direction,
    adam_m,
    adam_new,
    adam_v,
    bias_correct,
    coupled_decay,
    damped_velocity,
    decoupled_decay,
    nesterov,
    sgd,
    sgd_step,
    velocity,
)


class Rates(Protocol):
    """What the optimizers are told: the keys of `train:`."""

    @property
    def lr(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def dampening(self) -> float: ...
    @property
    def nesterov(self) -> bool: ...
    @property
    def betas(self) -> tuple[float, ...]: ...
    @property
    def eps(self) -> float: ...
    @property
    def decay(self) -> float: ...


class Clock(Struct, frozen=True, eq=False):
    """The number ``t`` of the update and its learning rate ``lr``, where they are tensors."""

    t: Traced | None = None
    lr: Traced | None = None


class Optimizer(Struct, frozen=True):
    """``step(at, p, g, clock, rates)`` records under ``at`` what gives the new value of p, and returns that; g is the
    gradient.

    ``memory`` names what it keeps for the update after, ``NAME_before`` being what the update before left.
    """

    step: Callable[[Scope, Traced, Traced, Clock, Rates], Traced]
    memory: tuple[str, ...]
    counts: Callable[[Rates], bool]  # whether it needs the number of the update
    torch: Callable[[Rates], str]  # the call that makes PyTorch's, which gives the same numbers; empty where it refuses
    in_torch: tuple[str, ...]  # how PyTorch calls what it keeps


def descend(at: Scope, p: Traced, g: Traced, clock: Clock, rates: Rates) -> Traced:
    """SGD, with momentum where there is any."""
    g = _pulled(at, p, g, rates)
    if rates.momentum:
        last, mu = before(at, "velocity", p.spec), rates.momentum
        if rates.dampening:
            at.velocity = damped_velocity(last, g, clock.t, momentum=mu, dampening=rates.dampening)
        else:
            at.velocity = velocity(last, g, momentum=mu)
        if rates.nesterov:
            g = at.ahead = nesterov(g, at.velocity, momentum=mu)
        else:
            g = at.velocity
    return moved(p, g, clock, rates)


def adam(at: Scope, p: Traced, g: Traced, clock: Clock, rates: Rates) -> Traced:
    """Adam (Kingma & Ba 2015, algorithm 1); weight decay goes through the gradient."""
    return _by_averages(at, p, _pulled(at, p, g, rates), clock, rates)


def adamw(at: Scope, p: Traced, g: Traced, clock: Clock, rates: Rates) -> Traced:
    """Adam with weight decay beside the gradient (Loshchilov & Hutter 2019, algorithm 2)."""
    if rates.decay:
        p = at.decayed = decoupled_decay(p, rates.lr if clock.lr is None else clock.lr, decay=rates.decay)
    return _by_averages(at, p, g, clock, rates)


def _by_averages(at: Scope, p: Traced, g: Traced, clock: Clock, rates: Rates) -> Traced:
    """Downhill along the running mean of the gradient, over the root of that of its square."""
    b1, b2 = rates.betas
    at.m = adam_m(before(at, "m", p.spec), g, beta=b1)
    at.v = adam_v(before(at, "v", p.spec), g, beta=b2)
    at.m_hat = bias_correct(at.m, clock.t, beta=b1)
    at.v_hat = bias_correct(at.v, clock.t, beta=b2)
    if at.tape.rounds:  # as the kernels do it, a rounding each: in float16 an eps of 1e-8 is 0
        at.denominator = adam_denominator(at.v_hat, eps=rates.eps)
        at.direction = at.m_hat / at.denominator
        return moved(p, at.direction, clock, rates)
    if clock.lr is None:
        new: Traced = adam_new(p, at.m_hat, at.v_hat, lr=rates.lr, eps=rates.eps)
        return new
    at.direction = adam_direction(at.m_hat, at.v_hat, eps=rates.eps)
    return moved(p, at.direction, clock, rates)


def _pulled(at: Scope, p: Traced, g: Traced, rates: Rates) -> Traced:
    """The gradient with the pull of weight decay, where there is any."""
    if rates.decay:
        g = at.with_decay = coupled_decay(g, p, decay=rates.decay)
    return g


def moved(p: Traced, g: Traced, clock: Clock, rates: Rates) -> Traced:
    """The parameter, one step downhill; the rate is a number, or a tensor where a schedule gives it."""
    new: Traced = sgd(p, g, lr=rates.lr) if clock.lr is None else sgd_step(p, g, clock.lr)
    return new


def before(at: Scope, name: str, like: Spec) -> Traced:
    """What the update before left; zeros at the start."""
    return at.constant(f"{name}_before", np.zeros(like.shape, like.dtype), like.axes)


def _torch_sgd(rates: Rates) -> str:
    if min(rates.lr, rates.momentum, rates.decay) < 0 or (
        rates.nesterov and not (rates.momentum and not rates.dampening)
    ):
        return ""
    more = {"momentum": rates.momentum, "dampening": rates.momentum and rates.dampening, "weight_decay": rates.decay}
    told = [f"{key}={value!r}" for key, value in more.items() if value]
    ahead = ["nesterov=True"] if rates.momentum and rates.nesterov else []
    return f"SGD({', '.join(['model.parameters()', f'lr={rates.lr!r}', *told, *ahead])})"


def _torch_adam(kind: str, rates: Rates) -> str:
    if min(rates.lr, rates.eps, rates.decay, *rates.betas) < 0 or max(rates.betas) >= 1:
        return ""
    told = [f"lr={rates.lr!r}", f"betas={tuple(rates.betas)!r}", f"eps={rates.eps!r}"]
    decay = [f"weight_decay={rates.decay!r}"] if rates.decay or kind == "AdamW" else []  # AdamW's own is 0.01
    return f"{kind}({', '.join(['model.parameters()', *told, *decay])})"


OPTIMIZERS = {
    "sgd": Optimizer(descend, ("velocity",), lambda rates: bool(rates.dampening), _torch_sgd, ("momentum_buffer",)),
    "adam": Optimizer(adam, ("m", "v"), lambda rates: True, partial(_torch_adam, "Adam"), ("exp_avg", "exp_avg_sq")),
    "adamw": Optimizer(adamw, ("m", "v"), lambda rates: True, partial(_torch_adam, "AdamW"), ("exp_avg", "exp_avg_sq")),
}
"""What `train.optimizer` may be."""
