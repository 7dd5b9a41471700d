#!/usr/bin/env bash
# Guess: weight_decay of Adam and of SGD is added to the gradient, as in torch.optim, and only AdamW decays the weight itself.
# True:  in keras weight_decay is decoupled in every optimizer: Adam(weight_decay=d) is AdamW(weight_decay=d). In torch the first step of Adam with a coupled
#        decay has size lr whatever d is. And weight_decay reaches biases and norms in both, unless excluded.
# Seen:  keras 3.15.1 with jax 0.10.2; torch 2.13.0. A weight of 1, its gradient 2, lr .1, weight_decay .1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 torch==2.13.0 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np
import torch


def by_keras(kind: str) -> float:
    weight = keras.Variable(np.array([1.0], np.float32))
    optimizer = getattr(keras.optimizers, kind)(0.1, weight_decay=0.1)
    optimizer.build([weight])
    optimizer.apply([np.array([2.0], np.float32)])
    return float(np.asarray(weight.value)[0])


def by_torch(kind: str) -> float:
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    weight.grad = torch.tensor([2.0])
    getattr(torch.optim, kind)([weight], 0.1, weight_decay=0.1).step()
    return weight.item()


seen = {kind: (round(by_keras(kind), 4), round(by_torch(kind), 4)) for kind in ("Adam", "AdamW")}
print("after one step (keras, torch):", seen)
assert seen == {"Adam": (0.89, 0.9), "AdamW": (0.89, 0.89)}
PYTHON
