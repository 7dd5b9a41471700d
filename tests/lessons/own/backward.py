"""What a reader of the lesson write-backward would write."""

import numpy as np

import tfstep

start = np.load("start.npz")
x, target = start["x"][0], start["loss.target"][0]
W_Q, W_K, W_V, W_O = (start[f"attn.W_{name}"] for name in "QKVO")
b_Q, b_K, b_V, b_O = (start[f"attn.b_{name}"] for name in "QKVO")


def split(a):
    """(4, 6) to (2, 4, 3)."""
    return a.reshape(4, 2, 3).transpose(1, 0, 2)


def merge(a):
    """(2, 4, 3) to (4, 6)."""
    return a.transpose(1, 0, 2).reshape(4, 6)


def turned(a):
    """The last two axes the other way round."""
    return a.transpose(0, 2, 1)


q, k, v = x @ W_Q + b_Q, x @ W_K + b_K, x @ W_V + b_V
Q, K, V = split(q), split(k), split(v)
s = Q @ turned(K)
c = s / np.sqrt(3)
e = np.exp(c)
w = e / e.sum(axis=-1, keepdims=True)
z = w @ V
merged = merge(z)
out = merged @ W_O + b_O

d_out = out - target
d_W_O, d_b_O = merged.T @ d_out, d_out.sum(axis=0)
d_merged = d_out @ W_O.T
d_z = split(d_merged)
d_w = d_z @ turned(V)
d_V = turned(w) @ d_z
d_c = w * (d_w - (w * d_w).sum(axis=-1, keepdims=True))
d_s = d_c / np.sqrt(3)
d_Q = d_s @ K
d_K = turned(d_s) @ Q
d_q, d_k, d_v = merge(d_Q), merge(d_K), merge(d_V)
d_W_Q, d_W_K, d_W_V = x.T @ d_q, x.T @ d_k, x.T @ d_v
d_b_Q, d_b_V = d_q.sum(axis=0), d_v.sum(axis=0)
d_x = d_q @ W_Q.T + d_k @ W_K.T + d_v @ W_V.T

with tfstep.recording("mine.npz") as r:
    r.q, r.Q, r.K, r.V = q, Q, K, V
    r.s, r.c, r.w, r.z = s, c, w, z
    r.merged, r.out = merged, out
    r["out.grad"], r["merged.grad"], r["z.grad"] = d_out, d_merged, d_z
    r["w.grad"], r["V.grad"], r["c.grad"], r["s.grad"] = d_w, d_V, d_c, d_s
    r["Q.grad"], r["K.grad"], r["q.grad"], r["x.grad"] = d_Q, d_K, d_q, d_x
    r["W_O.grad"], r["W_V.grad"], r["W_K.grad"], r["W_Q.grad"] = d_W_O, d_W_V, d_W_K, d_W_Q
    r["b_O.grad"], r["b_V.grad"], r["b_Q.grad"] = d_b_O, d_b_V, d_b_Q
