"""From a checked model section to a plan: forward, loss, backward, update."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from tfstep.engine.axis import Axis
from tfstep.engine.backward import backward
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Tape, Traced
from tfstep.families.aliases import known
from tfstep.models.attention import future, multi_head, self_attention
from tfstep.models.config import Inputs, LossConfig, ModelConfig, Sentences, TrainConfig
from tfstep.models.decoder import decoder
from tfstep.models.encoder import encoder
from tfstep.models.mlp import mlp
from tfstep.models.objective import objective, output_head
from tfstep.models.tie import owners, tied
from tfstep.models.update import update
from tfstep.ops.primitive.shape import accumulate, seed


def build(model: ModelConfig, inputs: Inputs, loss: LossConfig, train: TrainConfig) -> Plan:
    """Record the whole timeline of a scenario. Raises ScenarioError where loss and model do not fit."""
    model = with_positions(model, [inputs, *train.data])
    tape = Tape()
    if model.tie:
        untied = Tape()
        forward(Scope(untied), model, inputs)
        for path, owner in owners(model.tie, untied).items():
            tape.views[path] = partial(tied, tape, path, owner=owner)
    root = Scope(tape)
    out = forward(root, model, inputs)
    goal = objective(root, out, inputs, loss)
    if goal is not None:
        grads = backward(tape, goal, seed, accumulate)
        update(tape, grads, train)
    plan = tape.plan()
    plan.elsewhere = lambda name: known(plan, name)
    return plan


def forward(root: Scope, c: ModelConfig, inputs: Inputs) -> Traced:
    """The model's own steps; returns its last output."""
    if c.kind == "mlp":
        assert inputs.x is not None
        return mlp(root, inputs.x.astype(c.dtype), c)
    if c.kind == "formula":
        from tfstep.models.formula import formulas  # and with it the expression language, where it is needed

        return formulas(root, inputs, c)
    if c.kind == "attention":
        return attention(root, inputs, c)
    source, target, offset = inputs.source, inputs.target, inputs.offset
    if c.kind == "encoder":
        assert source is not None
        x = encoder(root, source, offset, c)
    elif c.kind == "decoder":
        assert target is not None
        x = decoder(root, target, offset, c, labels=inputs.labels)
    else:
        assert source is not None
        assert target is not None
        x = decoder(root, target, offset, c, encoder(root, source, offset, c), source, inputs.labels)
    if not c.head:
        root.scope("out").removed("model.head", "logits", "probs", "W", "b")
        return x
    side = inputs.labels or target or source
    assert side is not None
    return output_head(root, x, side.vocab, c)


def attention(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """Attention alone, over given vectors: (batch, position, feature), asking themselves or a memory."""
    assert inputs.x is not None
    names = (Axis("batch"), Axis("position"), Axis("model"))
    x = root.constant("x", inputs.x.astype(c.dtype), names, kind="input")
    at = root.scope("attn")
    if inputs.memory is None:
        mask = future(x.shape[0], x.shape[1]) if c.mask_causal else None
        return self_attention(at, x, mask, inputs.offset, c)
    memory = root.constant("memory", inputs.memory.astype(c.dtype), names, kind="input")
    return multi_head(at, x, memory, None, c)


def with_positions(c: ModelConfig, examples: list[Inputs]) -> ModelConfig:
    """The model with position tables long enough for every example that it is shown or trained on."""

    def longest(sides: list[Sentences | None]) -> int:
        return max((side.ids.shape[1] for side in sides if side is not None), default=0)

    ahead = max(example.offset for example in examples)
    return replace(
        c,
        encoder_positions=ahead + longest([e.source for e in examples]),
        decoder_positions=ahead + longest([e.target for e in examples]),
    )
