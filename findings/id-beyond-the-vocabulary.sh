#!/usr/bin/env bash
# Guess: an id beyond the embedding's rows is an error, as in torch, or at least the same in the libraries on top of jax.
# True:  table[ids] gives the last row, jnp.take (and flax's Embed in linen and nnx, which use it) a row of NaN, equinox's Embedding the last row, tinygrad's a row of zeros;
#        -1 is the last row everywhere but in tinygrad, where it is zeros. So the tokenizer that has one word more than the model ends in NaN, in a wrong word or in no word.
# Seen:  jax 0.10.2, flax 0.12.8, equinox 0.13.8, tinygrad 0.14.0 (its Python device). 4 rows, the ids 9 and -1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 equinox==0.13.8 tinygrad==0.14.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
DEV=PYTHON JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import equinox
import flax.linen as linen
import jax
import jax.numpy as jnp
import numpy as np
import tinygrad
from flax import nnx

rows = np.arange(1.0, 9.0, dtype=np.float32).reshape(4, 2)
ids = jnp.array([9, -1])
table = nnx.Embed(4, 2, rngs=nnx.Rngs(0))
table.embedding[...] = jnp.array(rows)
other = tinygrad.nn.Embedding(4, 2)
other.weight = tinygrad.Tensor(rows)
seen = {
    "table[ids]": jnp.array(rows)[ids],
    "jnp.take": jnp.take(jnp.array(rows), ids, axis=0),
    "flax.linen.Embed": linen.Embed(4, 2).apply({"params": {"embedding": jnp.array(rows)}}, ids),
    "flax.nnx.Embed": table(ids),
    "equinox": jax.vmap(equinox.nn.Embedding(weight=jnp.array(rows)))(ids),
    "tinygrad": other(tinygrad.Tensor([9, -1])).numpy(),
}
for name, got in seen.items():
    print(f"{name:17} 9: {np.asarray(got)[0]}  -1: {np.asarray(got)[1]}")
for name in ("table[ids]", "equinox"):
    assert np.array_equal(seen[name], [rows[3], rows[3]])
for name in ("jnp.take", "flax.linen.Embed", "flax.nnx.Embed"):
    assert np.isnan(seen[name][0]).all() and np.array_equal(seen[name][1], rows[3])
assert not np.asarray(seen["tinygrad"]).any()
PYTHON
