"""The update: one step of the optimizer for every parameter that the loss depends on, each of its tensors a step."""

from __future__ import annotations

import numpy as np

from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.models.config import TrainConfig
from tfstep.models.optimizers import OPTIMIZERS
from tfstep.ops.optim import next_step


def update(tape: Tape, grads: dict[str, Traced], train: TrainConfig) -> None:
    """Record ``P.new`` for every parameter P with a gradient.

    What an optimizer remembers from the update before is a constant of this one (``P.m_before``), and the plan's
    ``carry`` says which step it comes from next time.
    """
    tape.phase = "update"
    optimizer = OPTIMIZERS[train.optimizer]
    parameters = [node for node in tape.nodes if node.kind == "parameter" and node.path in grads]
    t = _count(tape) if optimizer.counts else None
    for node in parameters:
        at = Scope(tape, node.path, node.slot)
        optimizer.step(at, Traced(tape, node.slot, node.spec), grads[node.path], t, train)
        tape.carry.append((node.slot, at.new.slot))
        for name in optimizer.memory:
            if at.path(name) in tape.paths:
                tape.carry.append((tape.find(at.path(f"{name}_before")).slot, tape.find(at.path(name)).slot))


def _count(tape: Tape) -> Traced:
    """The number of this update, counted from 1."""
    at = Scope(tape, "update")
    done = at.constant("done", np.zeros((), np.int64), ())
    at.t = next_step(done)
    tape.carry.append((done.slot, at.t.slot))
    return at.t
