"""The encoder: self-attention, Add & Norm, feed-forward, Add & Norm (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from functools import partial

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import reasons, self_attention
from tfstep.models.blocks import feed_forward, last_norm, sublayer
from tfstep.models.config import ModelConfig, Sentences
from tfstep.models.embed import embed


def encoder(root: Scope, source: Sentences, offset: int, c: ModelConfig) -> Traced:
    """The stack of encoder layers. Shapes: tokens (batch, position) → (batch, position, model)."""
    x = embed(root.scope("src"), source, offset, c, c.encoder_positions)
    mask = reasons(c, source, source, causal=False)
    for i in range(c.encoder_layers):
        at = root.scope(f"enc{i}")
        x = sublayer(at, 1, x, partial(self_attention, at.scope("attn"), mask=mask, offset=offset, c=c), c)
        x = sublayer(at, 2, x, partial(feed_forward, at.scope("ffn"), c=c), c)
    return last_norm(root, "enc.norm", x, c)
