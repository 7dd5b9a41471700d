#!/usr/bin/env bash
# Guess: a head that ends in softmax, with sparse_categorical_crossentropy on its probabilities (from_logits=False, the default), is the cross-entropy of the logits but for rounding.
# True:  probabilities are clipped to 1e-7 first. A word that the model holds for less likely than that costs 16.118 however wrong it is, and its gradient is exactly 0: the worst
#        mistakes are the ones that are not learned from. Logits 17 apart are enough. from_logits=True costs 17 and has the gradient -1.
# Seen:  keras 3.15.1 with jax 0.10.2, float32: logits (0, 10): 10.000 and gradient -1.000 both ways; (0, 17) and (0, 30): 16.118 and 0 on probabilities.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax
import jax.numpy as jnp
import keras

label = jnp.array([0])


def on_probabilities(logits):
    return keras.losses.sparse_categorical_crossentropy(label, keras.ops.softmax(logits)).sum()


def on_logits(logits):
    return keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True).sum()


seen = {}
for apart in (10.0, 17.0, 30.0):
    logits = jnp.array([[0.0, apart]])
    seen[apart] = [(float(loss(logits)), float(jax.grad(loss)(logits)[0, 0])) for loss in (on_probabilities, on_logits)]
    (clipped, none), (whole, all_of_it) = seen[apart]
    print(f"logits 0 and {apart:.0f}, label 0: on probabilities {clipped:.3f}, gradient {none:.3f}   on logits {whole:.3f}, gradient {all_of_it:.3f}")
assert abs(seen[10.0][0][0] - 10) < 1e-3 and abs(seen[10.0][0][1] + 1) < 1e-3
for apart in (17.0, 30.0):
    (clipped, none), (whole, all_of_it) = seen[apart]
    assert abs(clipped - 16.118) < 1e-3 and none == 0
    assert abs(whole - apart) < 1e-3 and abs(all_of_it + 1) < 1e-3
PYTHON
