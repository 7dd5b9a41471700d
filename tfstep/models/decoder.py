"""The decoder: masked self-attention, attention over the encoder's output, feed-forward (Vaswani et al. 2017, 3.1)."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import multi_head, reasons, score_bias, self_attention
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.encoder import encoder
from tfstep.models.objective import output_head
from tfstep.models.parts.blocks import block, feed_forward, last_norm, sublayer
from tfstep.models.parts.embed import embed


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """A decoder, behind an encoder or alone, with an output layer where the scenario has one."""
    assert inputs.target is not None
    x = decoder(root, inputs, c, encoder(root, inputs, c) if c.has("source") else None)
    return output_head(root, x, (inputs.labels or inputs.target).vocab, c) if c.head else x


def decoder(root: Scope, inputs: Inputs, config: ModelConfig, memory: Traced | None = None) -> Traced:
    """The stack of decoder layers; without ``memory`` a decoder-only model, as GPT has it.

    Every layer reads the same ``memory``, the encoder's output (batch, position, model). Shapes: tokens
    (batch, position) → (batch, position, model). With a ``past`` the tokens are those that follow it.
    """
    target, source, offset, past = inputs.target, inputs.source, inputs.offset, inputs.past
    assert target is not None
    every, asking = target if past is None else past.read, target.ids.shape[1]
    offset += every.ids.shape[1] - asking
    places = offset if inputs.positions is None else inputs.positions
    x = embed(root.scope("tgt"), target, replace(inputs, offset=offset), config, decoding=True)
    bias = score_bias(root, "dec", every.ids.shape[1], config, causal=True, last=asking)
    across = None if memory is None or source is None else reasons(config, target, source, causal=False)
    for i in range(config.decoder_layers):
        at, c = root.scope(f"dec{i}"), config.layer(i)
        own = reasons(c, every, every, causal=True, documents=inputs.documents)
        own = None if own is None else own[..., -asking:, :]
        normed = bool(i) or c.first_norm
        ask_itself = partial(self_attention, at.scope("attn"), mask=own, places=places, c=c, bias=bias, past=past)
        digest = partial(feed_forward, at.scope("ffn"), c=c)
        if memory is None:
            x = block(at, x, ask_itself, digest, c, normed)
            continue
        ask_source = partial(multi_head, at.scope("cross"), memory=memory, mask=across, c=c)
        if c.attention:
            x = sublayer(at, 1, x, ask_itself, c, normed)
        x = sublayer(at, 2, x, ask_source, c, normed or c.attention)
        x = sublayer(at, 3, x, digest, c) if c.ffn else x
    return last_norm(root, "dec.norm", x, config)
