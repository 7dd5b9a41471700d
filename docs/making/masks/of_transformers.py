"""Transformers: BERT and GPT-2 of one head, eager and sdpa, their queries, keys and values put in by hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel, DynamicCache, GPT2Config, GPT2Model

from making.masks.asked import NotAskedError

Give = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]


def bert(kind: str, four: bool) -> Give:
    """A mask of two axes over the keys, or of four."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        if isinstance(mask, str):
            raise NotAskedError
        config = BertConfig(
            vocab_size=9,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            attn_implementation=kind,
        )
        model = BertModel(config).eval()
        attention, seen = model.encoder.layer[0].attention, []
        for each in (attention.self.query, attention.self.key):
            each.register_forward_hook(lambda *_: torch.tensor(k)[None])
        attention.self.value.register_forward_hook(lambda *_: torch.eye(5, 8)[None])
        attention.output.dense.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        given = torch.tensor(mask)
        model(input_ids=torch.arange(1, 6)[None], attention_mask=given[None, None] if four else given[None])
        return np.asarray(seen[0][0, :, :5].detach().numpy())

    return attend


def gpt2(kind: str) -> Give:
    """Two new words after a cache of three: asked for its corner alone."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        config = GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1, n_positions=9, attn_implementation=kind)
        model = GPT2Model(config).eval()
        attention, seen = model.h[0].attn, []
        eye, cache = torch.eye(5, 8), DynamicCache(config=config)
        new = torch.cat([torch.tensor(q), torch.tensor(k[-len(q) :]), eye[-len(q) :]], -1)[None]
        attention.c_attn.register_forward_hook(lambda *_: new)
        attention.c_proj.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        if not isinstance(mask, str):
            raise NotAskedError
        cache.update(torch.tensor(k[:3])[None, None], eye[None, None, :3], 0)
        model(input_ids=torch.tensor([[4, 5]]), past_key_values=cache, use_cache=True)
        return np.asarray(seen[0][0, :, :5].detach().numpy())

    return attend


def ways() -> dict[str, dict[tuple[str, str], Give]]:
    """Every way to attend, by library and call."""
    masks: dict[tuple[str, str], Give] = {}
    pads: dict[tuple[str, str], Give] = {}
    for kind in ("eager", "sdpa"):
        masks["transformers", f"BertModel(attention_mask= of 4 axes), {kind}"] = bert(kind, four=True)
        pads["transformers", f"BertModel(attention_mask= of 2 axes), {kind}"] = bert(kind, four=False)
        masks["transformers", f"GPT2Model after a cache of three words, {kind}"] = gpt2(kind)
    return {"masks": masks, "pads": pads}
