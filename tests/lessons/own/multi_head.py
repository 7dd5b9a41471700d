"""What a reader of the lesson write-multi-head would write."""

import numpy as np

import tfstep

start = np.load("start.npz")
x = start["x"][0]
W_Q, W_K, W_V, W_O = (start[f"attn.W_{name}"] for name in "QKVO")
b_Q, b_K, b_V, b_O = (start[f"attn.b_{name}"] for name in "QKVO")


def split(a):
    """(4, 6) to (2, 4, 3)."""
    return a.reshape(4, 2, 3).transpose(1, 0, 2)


Q = split(x @ W_Q + b_Q)
K = split(x @ W_K + b_K)
V = split(x @ W_V + b_V)
s = Q @ K.transpose(0, 2, 1)
c = s / np.sqrt(3)
e = np.exp(c)
w = e / e.sum(axis=-1, keepdims=True)
z = w @ V
merged = z.transpose(1, 0, 2).reshape(4, 6)
out = merged @ W_O + b_O

with tfstep.recording("mine.npz") as r:
    r.Q, r.K, r.V = Q, K, V
    r.s, r.c, r.w, r.z = s, c, w, z
    r.merged, r.out = merged, out
