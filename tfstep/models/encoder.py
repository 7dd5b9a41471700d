"""The encoder: self-attention, Add & Norm, feed-forward, Add & Norm (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from functools import partial

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import reasons, self_attention
from tfstep.models.blocks import feed_forward, last_norm, sublayer
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.embed import embed
from tfstep.models.objective import output_head


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """An encoder alone, with an output layer where the scenario has one."""
    assert inputs.source is not None
    x = encoder(root, inputs, c)
    return output_head(root, x, (inputs.labels or inputs.source).vocab, c) if c.head else x


def encoder(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """The stack of encoder layers. Shapes: tokens (batch, position) → (batch, position, model)."""
    source, offset = inputs.source, inputs.offset
    assert source is not None
    x = embed(root.scope("src"), source, offset, c, inputs.rows[0])
    mask = reasons(c, source, source, causal=False)
    for i in range(c.encoder_layers):
        at = root.scope(f"enc{i}")
        x = sublayer(at, 1, x, partial(self_attention, at.scope("attn"), mask=mask, offset=offset, c=c), c)
        x = sublayer(at, 2, x, partial(feed_forward, at.scope("ffn"), c=c), c)
    return last_norm(root, "enc.norm", x, c)
