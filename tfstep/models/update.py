"""The update: one step of the optimizer for every parameter that the loss depends on, each of its tensors a step."""

from __future__ import annotations

import numpy as np

from tfstep.engine.axis import Spec
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.models.config import TrainConfig
from tfstep.ops.optim import adam_m, adam_new, adam_v, bias_correct, next_step, sgd, velocity


def update(tape: Tape, grads: dict[str, Traced], train: TrainConfig) -> None:
    """Record ``P.new`` for every parameter P with a gradient.

    What an optimizer remembers from the update before is a constant of this one (``P.m_before``), and the plan's
    ``carry`` says which step it comes from next time.
    """
    tape.phase = "update"
    parameters = [node for node in tape.nodes if node.kind == "parameter" and node.path in grads]
    count = _count(tape) if train.optimizer == "adam" else None
    for node in parameters:
        at = Scope(tape, node.path)
        p, g = Traced(tape, node.slot, node.spec), grads[node.path]
        if count is not None:
            b1, b2 = train.betas
            at.m = adam_m(_before(at, "m", p.spec), g, beta=b1)
            at.v = adam_v(_before(at, "v", p.spec), g, beta=b2)
            at.m_hat = bias_correct(at.m, count, beta=b1)
            at.v_hat = bias_correct(at.v, count, beta=b2)
            at.new = adam_new(p, at.m_hat, at.v_hat, lr=train.lr, eps=train.eps)
        elif train.momentum:
            at.velocity = velocity(_before(at, "velocity", p.spec), g, momentum=train.momentum)
            at.new = sgd(p, at.velocity, lr=train.lr)
        else:
            at.new = sgd(p, g, lr=train.lr)
        tape.carry.append((node.slot, at.new.slot))
        for name in ("m", "v", "velocity"):
            if at.path(name) in tape.paths:
                tape.carry.append((tape.find(at.path(f"{name}_before")).slot, tape.find(at.path(name)).slot))


def _before(at: Scope, name: str, like: Spec) -> Traced:
    """What the update before left; zeros at the start."""
    return at.constant(f"{name}_before", np.zeros(like.shape, like.dtype), like.axes)


def _count(tape: Tape) -> Traced:
    """The number of this update, counted from 1."""
    at = Scope(tape, "update")
    done = at.constant("done", np.zeros((), np.int64), ())
    at.t = next_step(done)
    tape.carry.append((done.slot, at.t.slot))
    return at.t
