#!/usr/bin/env bash
# Guess: amsgrad is one formula: Adam, divided by the root of the largest second moment so far; torch, keras and optax take the same steps.
# True:  torch and keras keep the largest of the raw average and correct it for its start (or the rate) afterwards; optax keeps the largest of the corrected ones. The corrected average of
#        the first step is the whole g^2, a thousand times the raw one: in optax one large first gradient divides every step for good, in torch it is outgrown.
# Seen:  optax 0.2.8, jax 0.10.2, torch 2.13.0, keras 3.15.1: the first gradient 10, all others 1, lr 1: the 200th step is .100 in optax, .831 in torch and keras.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 torch==2.13.0 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch

STEPS = [10.0] + [1.0] * 199


def of_optax() -> list[float]:
    optimizer, moved = optax.amsgrad(1.0, eps=1e-8), []
    state = optimizer.init(jnp.zeros(1))
    for gradient in STEPS:
        update, state = optimizer.update(jnp.array([gradient]), state)
        moved.append(-float(update[0]))
    return moved


def of_torch() -> list[float]:
    weight, moved = torch.nn.Parameter(torch.zeros(1)), []
    optimizer = torch.optim.Adam([weight], lr=1.0, amsgrad=True)
    for gradient in STEPS:
        before = weight.item()
        weight.grad = torch.tensor([gradient])
        optimizer.step()
        moved.append(before - weight.item())
    return moved


def of_keras() -> list[float]:
    weight, moved = keras.Variable(np.zeros(1, np.float32)), []
    optimizer = keras.optimizers.Adam(1.0, epsilon=1e-8, amsgrad=True)
    optimizer.build([weight])
    for gradient in STEPS:
        before = float(np.asarray(weight)[0])
        optimizer.apply([np.array([gradient], np.float32)], [weight])
        moved.append(before - float(np.asarray(weight)[0]))
    return moved


seen = {"optax": of_optax(), "torch": of_torch(), "keras": of_keras()}
for name, moved in seen.items():
    print(f"{name}: step 1 {moved[0]:.3f}   10 {moved[9]:.3f}   50 {moved[49]:.3f}   200 {moved[199]:.3f}")
assert all(abs(moved[0] - 1) < 1e-3 for moved in seen.values())
assert abs(seen["optax"][199] - 0.1) < 1e-3
assert abs(seen["torch"][199] - 0.831) < 2e-3 and abs(seen["keras"][199] - 0.831) < 2e-3
PYTHON
