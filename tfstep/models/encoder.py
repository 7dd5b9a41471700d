"""The encoder: self-attention, Add & Norm, feed-forward, Add & Norm (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import multi_head, reasons
from tfstep.models.blocks import feed_forward, norm, sublayer
from tfstep.models.config import ModelConfig, Sentences
from tfstep.models.embed import embed


def encoder(root: Scope, source: Sentences, offset: int, c: ModelConfig) -> Traced:
    """The stack of encoder layers. Shapes: tokens (batch, position) → (batch, position, model)."""
    x = embed(root.scope("src"), source, offset, c)
    mask = reasons(c, source, source, causal=False)
    for i in range(c.encoder_layers):
        at = root.scope(f"enc{i}")
        x = sublayer(at, 1, x, lambda x, at=at: multi_head(at.scope("attn"), x, x, mask, c), c)  # type: ignore[misc]
        x = sublayer(at, 2, x, lambda x, at=at: feed_forward(at.scope("ffn"), x, c), c)  # type: ignore[misc]
    if c.norm_position == "pre":
        x = norm(root, "enc.norm", x, c)
    return x
