"""The decoder: masked self-attention, attention over the encoder's output, feed-forward (Vaswani et al. 2017, 3.1)."""

from __future__ import annotations

from functools import partial

import numpy as np
from msgspec.structs import replace

from tfstep.engine.tape import Scope, Traced
from tfstep.models.attention import angles, distances, multi_head, reasons, score_bias, self_attention
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.encoder import encoder
from tfstep.models.objective import output_head
from tfstep.models.parts.blocks import block, feed_forward, last_norm, sublayer
from tfstep.models.parts.embed import embed, sinusoids
from tfstep.models.parts.own_mask import nothing_left


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
    for i, own in enumerate(_own_masks(inputs, config)):
        at, c = root.scope(f"dec{i}"), config.layer(i)
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


def constants(inputs: Inputs, config: ModelConfig) -> dict[str, np.ndarray]:
    """Of what a pass with a ``past`` is given all that depends on the words that were read, by path."""
    target, past = inputs.target, inputs.past
    assert target is not None
    assert past is not None
    words, asking = past.read.ids.shape[1], target.ids.shape[1]
    offset = inputs.offset + words - asking
    found = {"tgt.tokens": target.ids}
    if config.positional == "sinusoidal":
        found["tgt.pos"] = sinusoids(config, asking, offset)
    found |= {f"dec.{name}": table for name, table in distances(words, config, causal=True, last=asking).items()}
    left: dict[int, np.ndarray | None] = {}  # for each mask, which layers share
    for i, mask in enumerate(_own_masks(inputs, config)):
        c, at = config.layer(i), f"dec{i}.attn"
        if not c.attention:
            continue
        found |= {f"{at}.K_past": past.keys[at], f"{at}.V_past": past.values[at]}
        if c.positional == "rope":
            found |= {f"{at}.rope_{name}": table for name, table in angles(asking, offset, c)}
        if mask is not None:
            found[f"{at}.mask"] = mask
            if id(mask) not in left:
                left[id(mask)] = nothing_left(mask)
            if (gone := left[id(mask)]) is not None:
                found[f"{at}.empty"] = gone
    return found


def _own_masks(inputs: Inputs, config: ModelConfig) -> list[np.ndarray | None]:
    """For each layer why a word may not look at others in its own sentence; one array where layers have the same keys."""
    assert inputs.target is not None
    every, asking = inputs.target if inputs.past is None else inputs.past.read, inputs.target.ids.shape[1]
    layers = [config.layer(i) for i in range(config.decoder_layers)]
    found: dict[int, np.ndarray | None] = {}
    for c in layers:
        if id(c) not in found:
            found[id(c)] = reasons(c, every, every, causal=True, documents=inputs.documents, last=asking)
    return [found[id(c)] for c in layers]
