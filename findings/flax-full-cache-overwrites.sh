#!/usr/bin/env bash
# Guess: when generation goes beyond the cache that flax's attention was made with (decode=True), it stops with an error, or drops the oldest word as a window does.
# True:  it writes each further word over the last place. All before it stay, and the word before the new one is forgotten every time: from then on a word sees the beginning of the text
#        and itself. Nothing is said; cache_index goes on counting past the length. The outputs stay plausible, being attention over a cache's worth of real keys.
# Seen:  flax 0.12.8 (linen and nnx) with jax 0.10.2: a cache of 3 and 5 words: the fifth word's output is that of attention over the words 1, 2 and 5, to 1e-6.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

x = jax.random.normal(jax.random.key(0), (1, 5, 4))


def attend(model, seen: list[int]) -> np.ndarray:
    return np.asarray(model(x[:, 4:], x[:, jnp.array(seen)])[0, 0])


linen = nn.MultiHeadDotProductAttention(num_heads=1, qkv_features=4, decode=True)
made = linen.init(jax.random.key(1), x[:, :3])
cache = made["cache"]
for at in range(5):
    last, changed = linen.apply({"params": made["params"], "cache": cache}, x[:, at : at + 1], mutable=["cache"])
    cache = changed["cache"]
plain = nn.MultiHeadDotProductAttention(num_heads=1, qkv_features=4)
seen = {"linen": (np.asarray(last[0, 0]), lambda q, kv: plain.apply({"params": made["params"]}, q, kv), int(cache["cache_index"]))}

layer = nnx.MultiHeadAttention(num_heads=1, in_features=4, decode=True, rngs=nnx.Rngs(0))
layer.init_cache((1, 3, 4))
for at in range(5):
    last = layer(x[:, at : at + 1])
counted = int(layer.cache_index[...])
seen["nnx"] = (np.asarray(last[0, 0]), lambda q, kv: layer(q, kv, decode=False), counted)

for name, (got, model, index) in seen.items():
    first, all_of_it, latest = (float(abs(got - attend(model, places)).max()) for places in ([0, 1, 4], [0, 1, 2, 3, 4], [2, 3, 4]))
    print(f"{name:5} cache of 3, cache_index {index}: beside words 1 2 5: {first:.1e}   all five: {all_of_it:.2f}   the last three: {latest:.2f}")
    assert index == 5
    assert first < 1e-5 and all_of_it > 1e-2 and latest > 1e-2
PYTHON
