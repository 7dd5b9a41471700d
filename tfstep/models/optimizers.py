"""The optimizers, an entry each: the steps that give a parameter its new value, and what they remember."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from msgspec import Struct

from tfstep.engine.axis import Spec
from tfstep.engine.tape import Scope, Traced
from tfstep.ops.optim import adam_m, adam_new, adam_v, bias_correct, sgd, velocity


class Rates(Protocol):
    """What the optimizers are told: the keys of `train:`."""

    @property
    def lr(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def betas(self) -> tuple[float, ...]: ...
    @property
    def eps(self) -> float: ...


class Optimizer(Struct, frozen=True):
    """``step(at, p, g, t, rates)`` records the new value of p under ``at``; g is the gradient, t the number of the update.

    ``memory`` names what it keeps for the update after, ``NAME_before`` being what the update before left.
    """

    step: Callable[[Scope, Traced, Traced, Traced | None, Rates], None]
    memory: tuple[str, ...]
    counts: bool = False  # whether it needs t


def descend(at: Scope, p: Traced, g: Traced, t: Traced | None, rates: Rates) -> None:
    """SGD, with momentum where there is any."""
    if rates.momentum:
        g = at.velocity = velocity(before(at, "velocity", p.spec), g, momentum=rates.momentum)
    at.new = sgd(p, g, lr=rates.lr)


def adam(at: Scope, p: Traced, g: Traced, t: Traced | None, rates: Rates) -> None:
    """Adam (Kingma & Ba 2015, algorithm 1)."""
    b1, b2 = rates.betas
    at.m = adam_m(before(at, "m", p.spec), g, beta=b1)
    at.v = adam_v(before(at, "v", p.spec), g, beta=b2)
    at.m_hat = bias_correct(at.m, t, beta=b1)
    at.v_hat = bias_correct(at.v, t, beta=b2)
    at.new = adam_new(p, at.m_hat, at.v_hat, lr=rates.lr, eps=rates.eps)


def before(at: Scope, name: str, like: Spec) -> Traced:
    """What the update before left; zeros at the start."""
    return at.constant(f"{name}_before", np.zeros(like.shape, like.dtype), like.axes)


OPTIMIZERS = {"sgd": Optimizer(descend, ("velocity",)), "adam": Optimizer(adam, ("m", "v"), counts=True)}
"""What `train.optimizer` may be."""
