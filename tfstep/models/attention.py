"""Multi-head attention, as in the paper: softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, eq. 1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from tfstep.engine.axis import Axis, Spec, axes
from tfstep.engine.tape import Scope, Traced
from tfstep.models.config import Inputs, ModelConfig, Past, Sentences
from tfstep.models.parts.blocks import dense, norm, norm_by_head
from tfstep.models.parts.dropped import dropped
from tfstep.models.parts.own_mask import added, banned, closed, nothing_left, which
from tfstep.models.parts.positions import alibi, alibi_rounded, relative_buckets, rope_tables
from tfstep.ops.attention import (
    CAUSAL,
    CHUNK,
    DOCUMENT,
    PADDING,
    WINDOW,
    clip,
    mask_fill,
    scale,
    sigmoid_gate,
    soft_cap,
    softmax,
    softmax_sink,
)
from tfstep.ops.embed import relative_bias
from tfstep.ops.linear import grouped_matmul, matmul
from tfstep.ops.norm import rms_unit
from tfstep.ops.primitive.choice import where
from tfstep.ops.primitive.shape import concat, concat_heads, split_heads
from tfstep.ops.rotate import rope


def self_attention(
    at: Scope,
    x: Traced,
    mask: np.ndarray | None,
    places: int | np.ndarray,
    c: ModelConfig,
    bias: Traced | None = None,
    past: Past | None = None,
) -> Traced:
    """Every row of x asks the rows of x, and of the passes before; positions rotated in where the scenario says rope."""
    return multi_head(at, x, x, mask, c, places if c.positional == "rope" else None, bias, past)


def multi_head(
    at: Scope,
    x: Traced,
    memory: Traced,
    mask: np.ndarray | None,
    c: ModelConfig,
    rotate: int | np.ndarray | None = None,
    bias: Traced | None = None,
    past: Past | None = None,
    keys_from: int | None = None,
) -> Traced:
    """Each row of x asks the rows of memory (itself, for self-attention).

    Shapes: x (batch, query, model), memory (batch, key, model) → (batch, query, model). ``mask`` holds the
    reason of every masked cell, (batch, 1, query, key), or is None where nothing is ever masked. ``rotate``
    is the position of the first row, or of every row, (batch, position), for rotary positions, and ``keys_from`` that of
    the first key where the keys are other vectors and have positions of their own; ``bias`` is added to the scores,
    (1, head, query, key).
    With a ``past`` the keys and values of the passes before come first.
    """
    model, (batch, query), key = Axis("model"), x.axes[:2], memory.axes[1].as_keys()
    q, k, v = _projections(at, x, memory, c) if c.projections else (x, memory, memory)
    if c.clip_qkv is not None:
        q = at.q_clipped = clip(q, bound=c.clip_qkv)
        k = at.k_clipped = clip(k, bound=c.clip_qkv)
        v = at.v_clipped = clip(v, bound=c.clip_qkv)
    if c.qk_norm == "all":
        q, k = norm(at, "Q_norm", q, c, "q_norm"), norm(at, "K_norm", k, c, "k_norm")
    head, d_k, d_v = axes("head", "d_k", "d_v")
    Q = at.Q = split_heads(q, heads=c.heads).with_axes(batch, head, query, d_k)
    K = at.K = split_heads(k, heads=c.kv_heads).with_axes(batch, head, key, d_k)
    V = at.V = split_heads(v, heads=c.kv_heads).with_axes(batch, head, key, d_v)
    if not c.qk_norm_after_rope:
        Q, K = _normed(at, Q, K, c)
    if rotate is not None:
        rows = x.shape[1] if keys_from is not None else max(x.shape[1], K.shape[2])
        names = (key.bare(), d_k) if isinstance(rotate, int) else (batch, head, key.bare(), d_k)
        cos, sin = (at.constant(f"rope_{n}", t, names) for n, t in angles(rows, rotate, c))
        Q = at.Q_rot = rope(Q, cos, sin, pairs=c.rope.pairs)
        if keys_from is not None:
            cos, sin = (
                at.constant(f"rope_{n}_keys", t, (key.bare(), d_k)) for n, t in angles(K.shape[2], keys_from, c)
            )
        K = at.K_rot = rope(K, cos, sin, pairs=c.rope.pairs)
    if c.qk_norm_after_rope:
        Q, K = _normed(at, Q, K, c)
    if past is not None:
        key = Axis(key.name, past.read.words)
        before, kept = (batch, head, key.bare(), d_k), past.keys[at.prefix]
        K = at.K_all = concat(at.constant("K_past", kept, before), K, axis=2).with_axes(batch, head, key, d_k)
        before, kept = (batch, head, key.bare(), d_v), past.values[at.prefix]
        V = at.V_all = concat(at.constant("V_past", kept, before), V, axis=2).with_axes(batch, head, key, d_v)
    asked = (batch, head, query.renamed("query"), key.renamed("key"))
    times = _product(c)
    s = at.scores = times(Q, K, bt=True).with_axes(*asked)
    if not isinstance(c.scale, bool):
        s = at.scaled = s * c.scale
    elif c.scale:
        s = at.scaled = scale(s, d_k=Q.shape[-1])
    if bias is not None:
        s = at.biased = s + bias
    if c.score_softcap is not None:
        s = at.capped = soft_cap(s, cap=c.score_softcap)
    own = which(c, at.prefix)
    file = getattr(c.mask, own)
    s = added(at, s, file, own, c.mask.trained)
    if (hides := banned(file, own, s.shape, meant=c.mask.empty != "none")) is not None:
        mask = np.zeros((s.shape[0], 1, *s.shape[2:]), np.int8) | hides | (0 if mask is None else mask)
    empty = None
    gone = nothing_left(mask, None if c.mask.trained else closed(file, own, s.shape))
    if mask is not None:
        why = at.constant("mask", mask, asked)
        s = at.masked = mask_fill(s, why, value=c.mask_value)
    if gone is not None and c.mask.empty != "none":
        empty = at.constant("empty", gone, (*asked[:3], Axis("key")))
        s = at.rows = where(empty, -np.inf if c.mask.empty == "nan" else 0.0, s).with_axes(*asked)
    if c.sinks:
        sinks = at.parameter("sinks", Spec((c.heads,), x.dtype, (head,)), "zero")
        at.weights = softmax_sink(s, sinks)
    elif empty is not None and c.mask.empty == "zero":
        at.soft = softmax(s)
        at.weights = where(empty, 0.0, at.soft).with_axes(*asked)
    else:
        at.weights = softmax(s)
    weights = dropped(at, "drop", at.weights, c.drop.attention, c)
    at.heads = times(weights, V).with_axes(batch, head, query, d_v)
    y: Traced = concat_heads(at.heads).with_axes(batch, query, model)
    at.concat = y
    if c.attn_gate:
        at.gate = dense(at, x, "W_G", "b_G", y.shape[-1], c, model, "qkv")
        y = at.gated = sigmoid_gate(y, at.gate)
    if not c.output:
        return y
    at.out = dense(at, y, "W_O", "b_O", c.d_model, c, model, "out")
    return at.out


def _normed(at: Scope, Q: Traced, K: Traced, c: ModelConfig) -> tuple[Traced, Traced]:
    """Queries and keys normalised, each head by itself, where the scenario says so (Henry et al. 2020)."""
    if c.qk_norm == "head":
        return norm(at, "Q_norm", Q, c, "q_norm"), norm(at, "K_norm", K, c, "k_norm")
    if c.qk_norm == "heads":
        return norm_by_head(at, "Q_norm", Q, c, "q_norm"), norm_by_head(at, "K_norm", K, c, "k_norm")
    if c.qk_norm == "weightless":
        at.Q_norm, at.K_norm = rms_unit(Q, eps=c.eps), rms_unit(K, eps=c.eps)
        return at.Q_norm, at.K_norm
    return Q, K


def _projections(at: Scope, x: Traced, memory: Traced, c: ModelConfig) -> tuple[Traced, Traced, Traced]:
    model = Axis("model")
    at.q_proj = dense(at, x, "W_Q", "b_Q", c.heads * c.d_k, c, model, "qkv")
    at.k_proj = dense(at, memory, "W_K", "b_K", c.kv_heads * c.d_k, c, model, "qkv")
    at.v_proj = dense(at, memory, "W_V", "b_V", c.kv_heads * c.d_v, c, model, "qkv")
    return at.q_proj, at.k_proj, at.v_proj


def _product(c: ModelConfig) -> Callable[..., Traced]:
    """The matrix product of heads; with fewer key and value heads, each serves a group (Ainslie et al. 2023)."""
    return matmul if c.kv_heads == c.heads else partial(grouped_matmul, times=c.heads // c.kv_heads)


def angles(length: int, start: int | np.ndarray, c: ModelConfig) -> list[tuple[str, np.ndarray]]:
    """Tables for so many positions from the first, (position, d); or for those given, (batch, 1, position, d)."""
    places = np.arange(start, start + length) if isinstance(start, int) else start[:, None]
    cos, sin = rope_tables(places, c.d_k, c.rope)
    return [("cos", cos.astype(c.stored)), ("sin", sin.astype(c.stored))]


def score_bias(root: Scope, stack: str, words: int, c: ModelConfig, causal: bool, last: int = 0) -> Traced | None:
    """What a stack adds to the scores of its layers for the distance of two words: (1, head, query, key), or None.

    Of ``words`` words all ask, or only the ``last`` few.
    """
    names, at = axes("batch", "head", "query", "key"), root.scope(stack)
    table = distances(words, c, causal, last)
    if c.positional == "alibi":
        return at.constant("alibi", table["alibi"], names)
    if c.positional != "relative":
        return None
    own, r = at.scope("relative"), c.relative
    spec = Spec((r.buckets, c.heads), np.dtype(c.stored), axes("bucket", "head"))
    E = own.parameter("E", spec, "embedding")
    own.bias = relative_bias(E, own.constant("buckets", table["relative.buckets"], names[2:])).with_axes(*names)
    return own.bias


def distances(words: int, c: ModelConfig, causal: bool, last: int = 0) -> dict[str, np.ndarray]:
    """The constant that says of `score_bias` how far the words are apart, by its name in the stack; nothing without."""
    causal = causal and c.mask.causal
    if c.positional == "alibi":
        far = alibi_rounded(c.heads, words) if c.alibi.rounded else alibi(c.heads, words, words, causal)[..., -last:, :]
        return {"alibi": (far / math.sqrt(c.d_k) if c.alibi.divided else far).astype(c.stored)}
    if c.positional == "relative":
        r = c.relative
        return {"relative.buckets": relative_buckets(words, words, r.buckets, r.distance, causal)[-last:]}
    return {}


def reasons(
    c: ModelConfig,
    queries: Sentences,
    keys: Sentences,
    causal: bool,
    documents: np.ndarray | None = None,
    last: int = 0,
) -> np.ndarray | None:
    """Why each key is hidden from each query: (batch, 1, query, key) of 0 visible, 1 padding, 2 causal, 4 window, and
    sums of these.

    None where the scenario switches all masks off. ``documents`` (batch, position) says what each word belongs to.
    Of the queries all ask, or only the ``last`` few.
    """
    (batch, n), m = queries.ids.shape, keys.ids.shape[1]
    mask = hidden_by_position(batch, n, c, causal, last) if queries is keys else None
    if mask is None and not c.mask.padding and documents is None:
        return None
    mask = np.zeros((batch, 1, last or n, m), np.int8) if mask is None else mask
    if c.mask.padding and (padding := keys.padding) is not None:
        mask |= np.where(padding, PADDING, 0).astype(np.int8)[:, None, None, :]
    if documents is not None:
        apart = documents[:, None, -last:, None] != documents[:, None, None, :]
        mask |= np.where(apart, DOCUMENT, 0).astype(np.int8)
    return mask


def hidden_by_position(batch: int, n: int, c: ModelConfig, causal: bool, last: int = 0) -> np.ndarray | None:
    """What position alone hides in self-attention from the ``last`` few words, or from all: (batch, 1, query, n) of
    reasons; None where it hides nothing."""
    causal = causal and c.mask.causal
    query, key = np.arange(n)[-last:, None], np.arange(n)[None, :]
    mask = np.zeros((len(query), n), np.int8)
    if causal:
        mask |= np.where((key > query) & (key >= c.mask.prefix), CAUSAL, 0).astype(np.int8)
    if c.window is not None:
        far = key <= query - c.window if causal else abs(key - query) > c.window
        mask |= np.where(far, WINDOW, 0).astype(np.int8)
    if c.chunk is not None:
        mask |= np.where(key // c.chunk != query // c.chunk, CHUNK, 0).astype(np.int8)
    return np.tile(mask, (batch, 1, 1, 1)) if causal or c.window or c.chunk else None


def forward(root: Scope, inputs: Inputs, c: ModelConfig) -> Traced:
    """Attention alone, over given vectors: (batch, position, feature), asking themselves or a memory."""
    assert inputs.x is not None
    names = axes("batch", "position", "model")
    x = root.constant("x", inputs.x.astype(c.stored), names, kind="input")
    at = root.scope("attn")
    if inputs.memory is None:
        mask = hidden_by_position(x.shape[0], x.shape[1], c, causal=True)
        return self_attention(at, x, mask, inputs.offset, c, score_bias(root, "attn", x.shape[1], c, causal=True))
    memory = root.constant("memory", inputs.memory.astype(c.stored), names, kind="input")
    rotate = inputs.offset if c.positional == "rope" else None
    mask = None
    if c.mask.causal:
        (batch, n), m = x.shape[:2], memory.shape[1]
        last = np.arange(n)[:, None] + (m - n if c.mask.corner == "bottom" else 0)
        hides = (np.arange(m) > last) & (np.arange(m) >= c.mask.prefix)
        mask = np.tile(np.where(hides, CAUSAL, 0).astype(np.int8), (batch, 1, 1, 1))
    return multi_head(at, x, memory, mask, c, rotate, keys_from=0)
