#!/usr/bin/env bash
# Guess: dropout of attention weights is drawn for every sentence and every head on its own, as torch's is.
# True:  flax draws one map of (query, key) and uses it for all sentences and all heads: broadcast_dropout is True unless said otherwise. A word dropped for one head is
#        dropped for all, so the other heads cannot step in.
# Seen:  flax 0.12.8 (linen and nnx) with jax 0.10.2: 2 sentences, 3 heads, 4 words.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import flax.linen as linen
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

q = jnp.zeros((2, 4, 3, 4))
values = jnp.broadcast_to(jnp.eye(4)[None, :, None], (2, 4, 3, 4))  # the output of a word is its row of weights
for name, attend in {"linen": linen.dot_product_attention, "nnx": nnx.dot_product_attention}.items():
    maps = {}
    for shared in (True, False):
        options = {} if shared else {"broadcast_dropout": False}
        weights = attend(q, q, values, dropout_rate=0.5, dropout_rng=jax.random.key(3), deterministic=False, **options)
        kept = np.asarray(weights).transpose(0, 2, 1, 3) > 0
        maps[shared] = len({each.tobytes() for each in kept.reshape(6, -1)})
    print(f"{name}: different maps among 6 (sentences x heads): {maps[True]}; with broadcast_dropout=False: {maps[False]}")
    assert maps == {True: 1, False: 6}
PYTHON
