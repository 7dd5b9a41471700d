"""The encoder: self-attention, Add & Norm, feed-forward, Add & Norm (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from functools import partial

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import reasons, score_bias, self_attention
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.objective import output_head, pool_positions
from tfstep.models.parts.blocks import block, feed_forward, last_norm
from tfstep.models.parts.embed import embed


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """An encoder alone, with an output layer where the scenario has one."""
    assert inputs.source is not None
    last = x = encoder(root, inputs, c)
    if c.pooler != "none":
        last = pool_positions(root, x, inputs.source, c)
    return output_head(root, x, (inputs.labels or inputs.source).vocab, c) if c.head else last


def encoder(root: Scope, inputs: Inputs, config: ModelConfig) -> Traced:
    """The stack of encoder layers. Shapes: tokens (batch, position) → (batch, position, model)."""
    source, places = inputs.source, inputs.places
    assert source is not None
    x = embed(root.scope("src"), source, inputs, config)
    bias = score_bias(root, "enc", source.ids.shape[1], config, causal=False)
    for i in range(config.encoder_layers):
        at, c = root.scope(f"enc{i}"), config.layer(i)
        mask = reasons(c, source, source, causal=False, documents=inputs.documents)
        attend = partial(self_attention, at.scope("attn"), mask=mask, places=places, c=c, bias=bias)
        x = block(at, x, attend, partial(feed_forward, at.scope("ffn"), c=c), c, bool(i) or c.first_norm)
    return last_norm(root, "enc.norm", x, config) if config.encoder_layers else x
