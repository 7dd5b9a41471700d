#!/usr/bin/env bash
# Guess: Xavier's initialiser gives W_Q of shape (model, heads, d_k) or (heads, model, d_k), as papers' code has it, the spread of the same matrix with the heads side by side.
# True:  beyond two axes torch and jax take the first ones for a convolution's window and count them into both fans: with 8 heads of 64 and d_model 512 the weights start
#        5.7 (torch, heads first) to 6 times (jax, heads in the middle) too small. keras's MultiHeadAttention and flax's, whose weights have that shape, come out right.
# Seen:  torch 2.13.0; jax 0.10.2; flax 0.12.8; keras 3.15.1. Right is sqrt(2 / (512 + 512)) = .0442.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 flax==0.12.8 keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import flax.linen as linen
import jax
import keras
import numpy as np
import torch

torch.manual_seed(0)
keras.utils.set_random_seed(0)
x = np.zeros((1, 3, 512), np.float32)
attention = keras.layers.MultiHeadAttention(8, 64)
attention(x, x)
flax = linen.MultiHeadDotProductAttention(8).init(jax.random.key(0), x, x)["params"]["query"]["kernel"]
spread = {
    "torch (8, 512, 64)": torch.nn.init.xavier_uniform_(torch.empty(8, 512, 64)).std().item(),
    "torch (512, 512)": torch.nn.init.xavier_uniform_(torch.empty(512, 512)).std().item(),
    "jax (512, 8, 64)": float(jax.nn.initializers.xavier_uniform()(jax.random.key(0), (512, 8, 64)).std()),
    "keras (512, 8, 64)": float(np.asarray(next(each for each in attention.weights if "query/kernel" in each.path)).std()),
    "flax (512, 8, 64)": float(flax.std()),
}
for name, value in spread.items():
    print(f"{name:20}{value:.5f}")
for name in ("torch (512, 512)", "keras (512, 8, 64)", "flax (512, 8, 64)"):
    assert abs(spread[name] - 0.0442) < 5e-4
assert abs(spread["torch (8, 512, 64)"] - 0.00775) < 2e-4 and abs(spread["jax (512, 8, 64)"] - 0.00737) < 2e-4
PYTHON
