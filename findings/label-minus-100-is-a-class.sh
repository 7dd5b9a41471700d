#!/usr/bin/env bash
# Guess: a label of -100, which torch and transformers leave out of the loss, is left out, or refused, or gives NaN.
# True:  optax and mlx count it from the end of the vocabulary: with 300 words it is the word 200, and the model is taught to say that at every pad; -1 is the last
#        word. With fewer than 100 words optax gives NaN. No warning.
# Seen:  optax 0.2.8 with jax 0.10.2; mlx 0.32.4 on the CPU. Logits: 5 for the word 200, 0 for 299 others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 "mlx[cpu]==0.32.4" numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import mlx.core as mx
import mlx.nn as nn
import numpy as np
import optax

mx.set_default_device(mx.cpu)
logits = np.zeros((1, 300), np.float32)
logits[0, 200] = 5
by_optax = {label: float(optax.softmax_cross_entropy_with_integer_labels(jnp.array(logits), jnp.array([label]))[0]) for label in (200, -100, 299, -1)}
by_mlx = {label: float(nn.losses.cross_entropy(mx.array(logits), mx.array([label]))[0]) for label in (200, -100, 299, -1)}
few = float(optax.softmax_cross_entropy_with_integer_labels(jnp.zeros((1, 50)), jnp.array([-100]))[0])
print("optax", by_optax)
print("mlx  ", by_mlx)
print("optax, 50 words, label -100:", few)
for loss in (by_optax, by_mlx):
    assert loss[-100] == loss[200] != loss[299] == loss[-1]
assert np.isnan(few)
PYTHON
