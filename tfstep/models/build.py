"""From a checked model section to a plan: forward, loss, backward, update."""

from __future__ import annotations

from tfstep.engine.backward import backward
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.models.config import Inputs, LossConfig, ModelConfig, TrainConfig
from tfstep.models.encoder import encoder
from tfstep.models.objective import objective, output_head
from tfstep.ops.loss import sgd
from tfstep.ops.shape import accumulate, seed


def build(model: ModelConfig, inputs: Inputs, loss: LossConfig, train: TrainConfig) -> Plan:
    """Record the whole timeline of a scenario. Raises ScenarioError where loss and model do not fit."""
    tape = Tape()
    root = Scope(tape)
    out = forward(root, model, inputs)
    goal = objective(root, out, inputs, loss)
    if goal is not None:
        grads = backward(tape, goal, seed, accumulate)
        update(tape, grads, train)
    return tape.plan()


def forward(root: Scope, c: ModelConfig, inputs: Inputs) -> Traced:
    """The model's own steps; returns its last output."""
    assert inputs.source is not None
    x = encoder(root, inputs.source, inputs.offset, c)
    if not c.head:
        root.scope("out").removed("model.head", "logits", "probs", "W", "b")
        return x
    side = inputs.labels or inputs.source
    return output_head(root, x, side.vocab, c)


def update(tape: Tape, grads: dict[str, Traced], train: TrainConfig) -> None:
    """One step of the optimizer for every parameter that the loss depends on: ``P.new``."""
    tape.phase = "update"
    for node in [n for n in tape.nodes if n.kind == "parameter" and n.path in grads]:
        p = Traced(tape, node.slot, node.spec)
        new = sgd(p, grads[node.path], lr=train.lr)
        tape.name(tape.nodes[new.slot], node.path + ".new")
        tape.carry.append((node.slot, new.slot))
