#!/usr/bin/env bash
# Guess: weight_decay_rate=.01 of optax.adafactor is AdamW's: a step takes lr * .01 of the weight off, and follows the schedule down.
# True:  it is added after the learning rate was multiplied in: every step takes 1 % of the weight off, at lr 1e-3, at 1e-5 and at the end of any schedule. A value carried over from
#        AdamW, from torch.optim.Adafactor or from transformers' Adafactor, which all multiply it by lr, is a thousand times too strong: after 100 steps a third of the weight is left.
# Seen:  optax 0.2.8 with jax 0.10.2; torch 2.13.0: weights of 1, gradients of 0, decay .01, 100 steps: optax .366 at both rates; torch .999 at lr 1e-3, .99999 at 1e-5.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 torch==2.13.0 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import optax
import torch


def of_optax(lr: float) -> float:
    optimizer, weights = optax.adafactor(lr, weight_decay_rate=0.01), jnp.ones((4, 4))
    state = optimizer.init(weights)
    for _ in range(100):
        updates, state = optimizer.update(jnp.zeros((4, 4)), state, weights)
        weights = optax.apply_updates(weights, updates)
    return float(weights[0, 0])


def of_torch(lr: float) -> float:
    weights = torch.nn.Parameter(torch.ones(4, 4))
    optimizer = torch.optim.Adafactor([weights], lr=lr, weight_decay=0.01)
    for _ in range(100):
        weights.grad = torch.zeros(4, 4)
        optimizer.step()
    return weights[0, 0].item()


for lr in (1e-3, 1e-5):
    theirs, other = of_optax(lr), of_torch(lr)
    print(f"lr {lr}: a weight of 1 after 100 steps: optax {theirs:.5f}   torch {other:.5f}")
    assert abs(theirs - 0.99**100) < 1e-4
    assert abs(other - (1 - 0.01 * lr) ** 100) < 1e-5
PYTHON
