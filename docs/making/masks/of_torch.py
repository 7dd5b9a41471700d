"""PyTorch: the function, the module with and without its weights, the layer and its fast path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from making.masks.asked import NotAskedError

EYE = torch.eye(5)
Give = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]


def tensor(mask: Any) -> Tensor | None:
    """A mask as PyTorch's; "causal" is none."""
    return None if isinstance(mask, str) else torch.tensor(mask)


def sdpa(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
    """The function; its values are a unit matrix, so that its output is the weights."""
    q4, k4 = (torch.tensor(each, requires_grad=True)[None, None] for each in (q, k))
    found = F.scaled_dot_product_attention(q4, k4, EYE[None, None], tensor(mask), is_causal=isinstance(mask, str))
    return found.detach().numpy()


def twice(x: np.ndarray) -> Tensor:
    """The same words for each of two heads: (1, word, 16)."""
    return torch.tensor(x).repeat(1, 2)[None]


def module() -> nn.MultiheadAttention:
    """Two heads of the same words (the fast path wants an even number), whose projections are unit matrices."""
    made = nn.MultiheadAttention(16, 2, batch_first=True)
    with torch.no_grad():
        made.in_proj_weight.copy_(torch.eye(16).repeat(3, 1))
        made.out_proj.weight.copy_(torch.eye(16))
    return made


def mha(weights: bool, grad: bool, pads: bool = False) -> Give:
    """The module: with its weights returned or not, with gradients or under eval and no_grad."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        attention = module().train(grad)
        x, y = twice(q), twice(k)
        values = y if not grad and len(q) == 5 else torch.eye(5, 8).repeat(1, 2)[None]
        keys = {"key_padding_mask" if pads else "attn_mask": tensor(mask)}
        if pads:
            keys["key_padding_mask"] = tensor(mask)[None]
        if isinstance(mask, str):  # it demands a mask beside the hint: one that hides nothing
            keys = {"attn_mask": torch.zeros(len(q), len(k)), "is_causal": True}
        with torch.set_grad_enabled(grad):
            same = values is y
            out, given = attention(y if same else x, y, values, need_weights=weights, **keys)
        if weights:
            return given[0].detach().numpy()
        found = out[0, :, :8].detach().numpy()
        return found @ np.linalg.pinv(k) if same else found

    return attend


def layer(grad: bool, pads: bool = False, fast: bool = True) -> Give:
    """The encoder layer, its feed-forward part set to 0; the weights come back out of what it adds to x."""

    def attend(q: np.ndarray, k: np.ndarray, mask: Any) -> np.ndarray:
        made = nn.TransformerEncoderLayer(
            16, 2, 8, dropout=0.0, batch_first=True, norm_first=True, layer_norm_eps=1e-12
        )
        with torch.no_grad():
            made.self_attn.load_state_dict(module().state_dict())
            for each in (made.linear1, made.linear2):
                each.weight.zero_()
                each.bias.zero_()
        made.train(grad)
        torch.backends.mha.set_fastpath_enabled(fast)
        x = twice(k)
        with torch.set_grad_enabled(grad):
            if isinstance(mask, str):
                raise NotAskedError
            out = made(x, src_key_padding_mask=tensor(mask)[None]) if pads else made(x, src_mask=tensor(mask))
        torch.backends.mha.set_fastpath_enabled(True)
        return (out - x)[0, :, :8].detach().numpy() @ np.linalg.pinv(k)

    return attend


def ways() -> dict[str, dict[tuple[str, str], Give]]:
    """Every way to attend, by library and call."""
    grad, without = "with gradients", "eval, no_grad"
    masks: dict[tuple[str, str], Give] = {("torch", "F.scaled_dot_product_attention(attn_mask=)"): sdpa}
    pads: dict[tuple[str, str], Give] = {}
    for mode in (grad, without):
        for weights in (True, False):
            call = f"nn.MultiheadAttention({{}}, need_weights={weights}), {mode}"
            masks["torch", call.format("attn_mask=")] = mha(weights, mode == grad)
            pads["torch", call.format("key_padding_mask=")] = mha(weights, mode == grad, pads=True)
        call = f"nn.TransformerEncoderLayer({{}}), {mode}"
        masks["torch", call.format("src_mask=")] = layer(mode == grad)
        pads["torch", call.format("src_key_padding_mask=")] = layer(mode == grad, pads=True)
    slow = f"nn.TransformerEncoderLayer({{}}), {without}, fast path off"
    masks["torch", slow.format("src_mask=")] = layer(False, fast=False)
    pads["torch", slow.format("src_key_padding_mask=")] = layer(False, pads=True, fast=False)
    return {"masks": masks, "pads": pads}
