#!/usr/bin/env bash
# Guess: Adam with equal lr, betas and epsilon takes equal steps in keras, optax and PyTorch; for its first step lr * g / (|g| + eps).
# True:  keras folds the bias corrections into the rate and adds epsilon to the uncorrected root: epsilon counts 1/sqrt(1 - beta_2^t) times as much, 31.6 times at
#        the first step. With eps 1e-7 (its default) a gradient of 1e-8 moves a weight by .0032 lr in place of .091 lr. Only where |g| >> 30 eps is nothing seen.
#        (It is the "epsilon hat" of the paper's section 2.)
# Seen:  keras 3.15.1, optax 0.2.8, jax 0.10.2; torch 2.13.0 gives optax's numbers.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import keras
import numpy as np
import optax

steps = {}
for g in (1e-3, 1e-6, 1e-8):
    weight = keras.Variable(np.zeros(1, np.float32))
    ours = keras.optimizers.Adam(1.0, epsilon=1e-7)
    ours.build([weight])
    ours.apply([np.array([g], np.float32)], [weight])
    theirs = optax.adam(1.0, eps=1e-7)
    update, _ = theirs.update(jnp.array([g]), theirs.init(jnp.zeros(1)))
    steps[g] = (float(np.asarray(weight)[0]), float(update[0]))
    print(f"gradient {g:g}: keras {steps[g][0]:.5f}  optax {steps[g][1]:.5f}  g / (|g| + eps) {-g / (g + 1e-7):.5f}")
for g, (by_keras, by_optax) in steps.items():
    assert np.isclose(by_optax, -g / (g + 1e-7), rtol=1e-3)
    assert np.isclose(by_keras, -g / (g + 1e-7 / np.sqrt(1 - 0.999)), rtol=1e-3)
PYTHON
