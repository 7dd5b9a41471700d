"""The multilayer perceptron: layers of neurons, each σ(x W + b) (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from tfstep.engine.axis import Axis
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.parts.blocks import dense
from tfstep.ops.activation import ACTIVATIONS


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """One step a layer for the sums a, one for their activations y. Shapes: x (batch, in) → (batch, out)."""
    assert inputs.x is not None
    y = root.constant("x", inputs.x.astype(c.stored), (Axis("batch"), Axis("in")), kind="input")
    for i, width in enumerate(c.sizes[1:]):
        at = root.scope(f"layer{i}")
        at.a = dense(at, y, "W", "b", width, c, Axis("out"))
        y = at.y = ACTIVATIONS[c.activation](at.a)
    return y
