"""The decoder: masked self-attention, attention over the encoder's output, feed-forward (Vaswani et al. 2017, 3.1)."""

from __future__ import annotations

from functools import partial

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import multi_head, reasons, self_attention
from tfstep.models.blocks import feed_forward, last_norm, sublayer
from tfstep.models.config import ModelConfig, Sentences
from tfstep.models.embed import embed

CROSS = (
    "q_proj",
    "k_proj",
    "v_proj",
    "Q",
    "K",
    "V",
    "scores",
    "scaled",
    "masked",
    "mask",
    "weights",
    "heads",
    "concat",
    "out",
    "W_Q",
    "W_K",
    "W_V",
    "W_O",
)


def decoder(
    root: Scope,
    target: Sentences,
    offset: int,
    c: ModelConfig,
    memory: Traced | None = None,
    source: Sentences | None = None,
    labels: Sentences | None = None,
) -> Traced:
    """The stack of decoder layers; without ``memory`` a decoder-only model, as GPT has it.

    Every layer reads the same ``memory``, the encoder's output (batch, position, model). Shapes: tokens
    (batch, position) → (batch, position, model).
    """
    x = embed(root.scope("tgt"), target, offset, c, c.decoder_positions, labels)
    own = reasons(c, target, target, causal=True)
    across = None if source is None else reasons(c, target, source, causal=False)
    for i in range(c.decoder_layers):
        at = root.scope(f"dec{i}")
        ask_itself = partial(self_attention, at.scope("attn"), mask=own, offset=offset, c=c)
        digest = partial(feed_forward, at.scope("ffn"), c=c)
        x = sublayer(at, 1, x, ask_itself, c)
        if memory is None:
            at.scope("cross").removed("model.kind", *CROSS)
            at.removed("model.kind", "add3", "norm3")
            x = sublayer(at, 2, x, digest, c)
            continue
        ask_source = partial(multi_head, at.scope("cross"), memory=memory, mask=across, c=c)
        x = sublayer(at, 2, x, ask_source, c)
        x = sublayer(at, 3, x, digest, c)
    return last_norm(root, "dec.norm", x, c)
