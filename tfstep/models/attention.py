"""Multi-head attention, as in the paper: softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, eq. 1)."""

from __future__ import annotations

import numpy as np

from tfstep.engine.axis import Axis, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.blocks import dense
from tfstep.models.config import ModelConfig, Sentences
from tfstep.ops.attention import CAUSAL, PADDING, mask_fill, scale, softmax
from tfstep.ops.linear import matmul
from tfstep.ops.shape import concat_heads, split_heads


def multi_head(at: Scope, x: Traced, memory: Traced, mask: np.ndarray | None, c: ModelConfig) -> Traced:
    """Each row of x asks the rows of memory (itself, for self-attention).

    Shapes: x (batch, query, model), memory (batch, key, model) → (batch, query, model). ``mask`` holds the
    reason of every masked cell, (batch, 1, query, key), or is None where nothing is ever masked.
    """
    model, (batch, query), key = Axis("model"), x.axes[:2], memory.axes[1]
    at.q_proj = dense(at, x, "W_Q", "b_Q", c.heads * c.d_k, c, model)
    at.k_proj = dense(at, memory, "W_K", "b_K", c.heads * c.d_k, c, model)
    at.v_proj = dense(at, memory, "W_V", "b_V", c.heads * c.d_v, c, model)
    head, d_k, d_v = axes("head", "d_k", "d_v")
    at.Q = split_heads(at.q_proj, heads=c.heads).with_axes(batch, head, query, d_k)
    at.K = split_heads(at.k_proj, heads=c.heads).with_axes(batch, head, key, d_k)
    at.V = split_heads(at.v_proj, heads=c.heads).with_axes(batch, head, key, d_v)
    asked = (batch, head, query.renamed("query"), key.renamed("key"))
    s = at.scores = matmul(at.Q, at.K, bt=True).with_axes(*asked)
    if c.scale:
        s = at.scaled = scale(at.scores, d_k=c.d_k)
    else:
        at.removed("model.scale", "scaled")
    if mask is not None:
        why = at.constant("mask", mask, asked)
        s = at.masked = mask_fill(s, why, value=c.mask_value)
    else:
        at.removed("model.mask", "mask", "masked")
    at.weights = softmax(s)
    at.heads = matmul(at.weights, at.V).with_axes(batch, head, query, d_v)
    at.concat = concat_heads(at.heads).with_axes(batch, query, model)
    at.out = dense(at, at.concat, "W_O", "b_O", x.shape[-1], c, model)
    return at.out


def reasons(c: ModelConfig, queries: Sentences, keys: Sentences, causal: bool) -> np.ndarray | None:
    """Why each key is hidden from each query: (batch, 1, query, key) of 0 visible, 1 padding, 2 causal, 3 both.

    None where the scenario switches both masks off.
    """
    causal = causal and c.mask_causal
    if not (causal or c.mask_padding):
        return None
    (batch, n), m = queries.ids.shape, keys.ids.shape[1]
    mask = np.zeros((batch, 1, n, m), np.int8)
    if c.mask_padding and keys.pad is not None:
        mask |= np.where(keys.ids == keys.pad, PADDING, 0).astype(np.int8)[:, None, None, :]
    if causal:
        mask |= np.where(np.arange(m) > np.arange(n)[:, None], CAUSAL, 0).astype(np.int8)
    return mask
