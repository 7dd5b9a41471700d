#!/usr/bin/env bash
# Guess: a mask of numbers, 0 where one may look and -1e9 where not, is added to the scores, as torch and transformers take it; or it is refused.
# True:  flax asks of each number whether it is true: 0 bans and -1e9 allows. A causal mask in that form lets each word see only what comes after it
#        (and the last word, which has nothing left, everything alike). No warning.
# Seen:  flax 0.12.8 (linen and nnx) with jax 0.10.2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import flax.linen as linen
import jax.numpy as jnp
import numpy as np
from flax import nnx

zeros, values = jnp.zeros((1, 3, 1, 3)), jnp.eye(3)[None, :, None]  # equal scores; the output of a word is its row of weights
allowed = jnp.tril(jnp.ones((1, 1, 3, 3), bool))
added = jnp.where(allowed, 0.0, -1e9)
for name, attend in {"linen": linen.dot_product_attention, "nnx": nnx.dot_product_attention}.items():
    by_truth = np.asarray(attend(zeros, zeros, values, mask=allowed))[0, :, 0]
    by_number = np.asarray(attend(zeros, zeros, values, mask=added))[0, :, 0]
    print(f"{name}, true or false:\n{by_truth.round(2)}\n{name}, 0 or -1e9:\n{by_number.round(2)}")
    assert np.allclose(by_truth, [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3], atol=1e-6)
    assert np.allclose(by_number, [[0, 0.5, 0.5], [0, 0, 1], [1 / 3] * 3], atol=1e-6)
PYTHON
