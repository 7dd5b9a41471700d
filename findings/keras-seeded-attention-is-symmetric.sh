#!/usr/bin/env bash
# Guess: MultiHeadAttention(kernel_initializer=GlorotUniform(seed=1)) draws W_Q, W_K and W_V one after the other from a seeded generator: repeatable, and different.
# True:  an initialiser with a seed gives the same numbers at every call, and the layer hands each projection a copy with the same seed: W_Q = W_K = W_V to the bit. Every head's scores start
#        symmetric with each word's score for itself at least 0, and blocks built with the same seed are copies of each other. Without the seed all are different. (In torch
#        a seed is the generator's, which moves on from draw to draw.)
# Seen:  keras 3.15.1 with jax 0.10.2: with a seed the three kernels are equal and W_Q W_K^T of a head is symmetric; without a seed neither.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np


def heads(seed: int | None) -> tuple[bool, float, float]:
    layer = keras.layers.MultiHeadAttention(2, 4, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))
    layer.build((1, 5, 8), (1, 5, 8), (1, 5, 8))
    q, k, v = (np.asarray(weight) for weight in layer.weights if weight.shape == (8, 2, 4))
    x = np.random.default_rng(0).standard_normal((5, 8))
    scores = (x @ q[:, 0]) @ (x @ k[:, 0]).T
    return bool((q == k).all() and (k == v).all()), float(abs(scores - scores.T).max()), float(scores.diagonal().min())


same, skew, own = heads(1)
print(f"seed=1: W_Q = W_K = W_V {same}   scores against their transpose {skew:.1e}   smallest score of a word for itself {own:.2f}")
assert same and skew < 1e-6 and own >= 0
same, skew, own = heads(None)
print(f"none:   W_Q = W_K = W_V {same}   scores against their transpose {skew:.1e}   smallest score of a word for itself {own:.2f}")
assert not same and skew > 1e-2
PYTHON
