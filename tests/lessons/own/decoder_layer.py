"""What a reader of the lesson write-decoder-layer would write."""

import numpy as np

import tfstep

start = np.load("start.npz")
x, memory = start["tgt.x"], start["enc0.norm2"]
no_word, no_source = start["tgt.tokens"] == 0, start["src.tokens"] == 0


def w_(name):
    """A parameter of the layer."""
    return start[f"dec0.{name}"]


def split(a):
    """(2, n, 6) to (2, 2, n, 3)."""
    return a.reshape(2, -1, 2, 3).transpose(0, 2, 1, 3)


def softmax(a):
    """Over the last axis."""
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(name, asks, answers, hidden):
    """Two heads; what is hidden has weight 0."""
    Q = split(asks @ w_(f"{name}.W_Q") + w_(f"{name}.b_Q"))
    K = split(answers @ w_(f"{name}.W_K") + w_(f"{name}.b_K"))
    V = split(answers @ w_(f"{name}.W_V") + w_(f"{name}.b_V"))
    scaled = Q @ K.transpose(0, 1, 3, 2) / np.sqrt(3)
    weights = softmax(np.where(hidden, -1e9, scaled))
    heads = (weights @ V).transpose(0, 2, 1, 3).reshape(2, -1, 6)
    return Q, K, V, scaled, weights, heads @ w_(f"{name}.W_O") + w_(f"{name}.b_O")


def norm(n, a):
    """Over the features of a word."""
    mean, variance = a.mean(axis=-1, keepdims=True), a.var(axis=-1, keepdims=True)
    return (a - mean) / np.sqrt(variance + 1e-5) * w_(f"norm{n}.gamma") + w_(f"norm{n}.beta")


ahead = np.triu(np.ones((4, 4), bool), 1)
hidden = ahead | no_word[:, None, None, :]
hidden_source = no_source[:, None, None, :]

Q, K, V, scaled, weights, attn = attention("attn", x, x, hidden)
add1 = x + attn
norm1 = norm(1, add1)
cross_Q, cross_K, cross_V, cross_scaled, cross_weights, cross = attention("cross", norm1, memory, hidden_source)
add2 = norm1 + cross
norm2 = norm(2, add2)
pre = norm2 @ w_("ffn.W_1") + w_("ffn.b_1")
act = np.maximum(pre, 0)
ffn = act @ w_("ffn.W_2") + w_("ffn.b_2")
add3 = norm2 + ffn
norm3 = norm(3, add3)

with tfstep.recording("mine.npz") as r:
    r.Q, r.K, r.V, r.scaled, r.weights, r.attn, r.add1, r.norm1 = Q, K, V, scaled, weights, attn, add1, norm1
    r.cross_Q, r.cross_K, r.cross_V, r.cross_scaled = cross_Q, cross_K, cross_V, cross_scaled
    r.cross_weights, r.cross, r.add2, r.norm2 = cross_weights, cross, add2, norm2
    r.pre, r.act, r.ffn, r.add3, r.norm3 = pre, act, ffn, add3, norm3
