"""Multi-head attention, as in the paper: softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, eq. 1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tfstep.engine.axis import Axis, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.blocks import dense
from tfstep.models.config import Inputs, ModelConfig, Sentences
from tfstep.ops.attention import CAUSAL, PADDING, mask_fill, scale, softmax
from tfstep.ops.linear import grouped_matmul, matmul
from tfstep.ops.primitive.shape import concat_heads, split_heads
from tfstep.ops.rotate import rope, rope_tables


def self_attention(at: Scope, x: Traced, mask: np.ndarray | None, offset: int, c: ModelConfig) -> Traced:
    """Every row of x asks the rows of x, positions rotated in where the scenario says rope."""
    return multi_head(at, x, x, mask, c, offset if c.positional == "rope" else None)


def multi_head(
    at: Scope, x: Traced, memory: Traced, mask: np.ndarray | None, c: ModelConfig, rotate: int | None = None
) -> Traced:
    """Each row of x asks the rows of memory (itself, for self-attention).

    Shapes: x (batch, query, model), memory (batch, key, model) → (batch, query, model). ``mask`` holds the
    reason of every masked cell, (batch, 1, query, key), or is None where nothing is ever masked. ``rotate``
    is the position of the first row, for rotary positions.
    """
    model, (batch, query), key = Axis("model"), x.axes[:2], memory.axes[1].asked()
    q, k, v = _projections(at, x, memory, c) if c.projections else (x, memory, memory)
    head, d_k, d_v = axes("head", "d_k", "d_v")
    Q = at.Q = split_heads(q, heads=c.heads).with_axes(batch, head, query, d_k)
    K = at.K = split_heads(k, heads=c.kv_heads).with_axes(batch, head, key, d_k)
    at.V = split_heads(v, heads=c.kv_heads).with_axes(batch, head, key, d_v)
    if rotate is not None:
        cos, sin = (
            at.constant(f"rope_{n}", t, (key.bare(), d_k)) for n, t in _angles(max(x.shape[1], K.shape[2]), rotate, c)
        )
        Q = at.Q_rot = rope(at.Q, cos, sin, pairs=c.rope.pairs)
        K = at.K_rot = rope(at.K, cos, sin, pairs=c.rope.pairs)
    asked = (batch, head, query.renamed("query"), key.renamed("key"))
    times = _product(c)
    s = at.scores = times(Q, K, bt=True).with_axes(*asked)
    if c.scale:
        s = at.scaled = scale(s, d_k=Q.shape[-1])
    if mask is not None:
        why = at.constant("mask", mask, asked)
        s = at.masked = mask_fill(s, why, value=c.mask_value)
    at.weights = softmax(s)
    at.heads = times(at.weights, at.V).with_axes(batch, head, query, d_v)
    at.concat = concat_heads(at.heads).with_axes(batch, query, model)
    if not c.output:
        return at.concat
    at.out = dense(at, at.concat, "W_O", "b_O", c.d_model, c, model)
    return at.out


def _projections(at: Scope, x: Traced, memory: Traced, c: ModelConfig) -> tuple[Traced, Traced, Traced]:
    model = Axis("model")
    at.q_proj = dense(at, x, "W_Q", "b_Q", c.heads * c.d_k, c, model)
    at.k_proj = dense(at, memory, "W_K", "b_K", c.kv_heads * c.d_k, c, model)
    at.v_proj = dense(at, memory, "W_V", "b_V", c.kv_heads * c.d_v, c, model)
    return at.q_proj, at.k_proj, at.v_proj


def _product(c: ModelConfig) -> Callable[..., Traced]:
    """The matrix product of heads; with fewer key and value heads, each serves a group (Ainslie et al. 2023)."""
    return matmul if c.kv_heads == c.heads else partial(grouped_matmul, times=c.heads // c.kv_heads)


def _angles(length: int, offset: int, c: ModelConfig) -> list[tuple[str, np.ndarray]]:
    cos, sin = rope_tables(length, c.d_k, c.rope.base, c.rope.pairs, offset)
    return [("cos", cos.astype(c.dtype)), ("sin", sin.astype(c.dtype))]


def reasons(c: ModelConfig, queries: Sentences, keys: Sentences, causal: bool) -> np.ndarray | None:
    """Why each key is hidden from each query: (batch, 1, query, key) of 0 visible, 1 padding, 2 causal, 3 both.

    None where the scenario switches both masks off.
    """
    causal = causal and c.mask.causal
    if not (causal or c.mask.padding):
        return None
    (batch, n), m = queries.ids.shape, keys.ids.shape[1]
    mask = np.zeros((batch, 1, n, m), np.int8)
    if c.mask.padding and (padding := keys.padding) is not None:
        mask |= np.where(padding, PADDING, 0).astype(np.int8)[:, None, None, :]
    if causal:
        mask |= future(batch, n)
    return mask


def future(batch: int, n: int) -> np.ndarray:
    """The causal mask: every key after its query is hidden. Shape: (batch, 1, n, n)."""
    return np.tile(np.triu(np.full((n, n), CAUSAL, np.int8), 1), (batch, 1, 1, 1))


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """Attention alone, over given vectors: (batch, position, feature), asking themselves or a memory."""
    assert inputs.x is not None
    names = axes("batch", "position", "model")
    x = root.constant("x", inputs.x.astype(c.dtype), names, kind="input")
    at = root.scope("attn")
    if inputs.memory is None:
        mask = future(x.shape[0], x.shape[1]) if c.mask.causal else None
        return self_attention(at, x, mask, inputs.offset, c)
    memory = root.constant("memory", inputs.memory.astype(c.dtype), names, kind="input")
    return multi_head(at, x, memory, None, c)
