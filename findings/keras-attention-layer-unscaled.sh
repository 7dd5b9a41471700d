#!/usr/bin/env bash
# Guess: keras.layers.Attention, "dot-product attention", divides the scores by sqrt(d_k); use_scale=True does, in any case.
# True:  it never does. use_scale=True multiplies by one learned number that starts at 1. MultiHeadAttention divides.
# Seen:  keras 3.15.1 with jax 0.10.2; d_k 64, random queries and keys: the largest weight of a row.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np

draw = np.random.default_rng(0)
q, k = draw.normal(size=(2, 1, 8, 64)).astype(np.float32)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


seen = {use: np.asarray(keras.layers.Attention(use_scale=use)([q, k, k], return_attention_scores=True)[1]) for use in (False, True)}
raw, scaled = softmax(q @ k.swapaxes(-1, -2)), softmax(q @ k.swapaxes(-1, -2) / 8)
print("largest weight of each row, the layer:", seen[False].max(-1).round(2)[0], "\nscores / sqrt(d_k):                   ", scaled.max(-1).round(2)[0])
for weights in seen.values():
    assert np.allclose(weights, raw, atol=1e-4)
assert not np.allclose(raw, scaled, atol=0.1)
PYTHON
