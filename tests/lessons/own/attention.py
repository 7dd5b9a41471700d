"""What a reader of the lesson write-attention would write."""

import numpy as np

import tfstep

start = np.load("start.npz")
x = start["x"][0]
W_Q, b_Q = start["attn.W_Q"], start["attn.b_Q"]
W_K, b_K = start["attn.W_K"], start["attn.b_K"]
W_V, b_V = start["attn.W_V"], start["attn.b_V"]

q = x @ W_Q + b_Q
k = x @ W_K + b_K
v = x @ W_V + b_V
s = q @ k.T
c = s / np.sqrt(2)
e = np.exp(c)
w = e / e.sum(axis=-1, keepdims=True)
z = w @ v

with tfstep.recording("mine.npz") as r:
    r.q, r.k, r.v = q, k, v
    r.s, r.c, r.w, r.z = s, c, w, z
