#!/usr/bin/env bash
# Guess: LayerNormalization(rms_scaling=True) is RMSNorm: x divided by the root of the mean of its squares.
# True:  x (not centred) is divided by its standard deviation about the mean. A row far from 0 with little spread grows instead of being brought to
#        size 1: (3, 5, 4, 4) becomes (4.24, 7.07, 5.66, 5.66) in place of (.739, 1.231, .985, .985). keras.layers.RMSNormalization is RMSNorm.
#        The default eps of LayerNormalization is 1e-3 besides, where PyTorch has 1e-5 and flax 1e-6.
# Seen:  keras 3.15.1 with jax 0.10.2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import numpy as np

x = np.array([[3.0, 5.0, 4.0, 4.0]], np.float32)
scaled = np.asarray(keras.layers.LayerNormalization(epsilon=0.0, rms_scaling=True)(x))
rms = x / np.sqrt((x**2).mean())
deviation = x / x.std()
right = np.asarray(keras.layers.RMSNormalization(epsilon=0.0)(x))
print("rms_scaling=True   ", scaled)
print("x / rms            ", rms)
print("x / deviation      ", deviation)
print("RMSNormalization   ", right)
print("default epsilon    ", keras.layers.LayerNormalization().epsilon)
assert np.allclose(scaled, deviation, rtol=1e-5)
assert np.allclose(right, rms, rtol=1e-5)
assert keras.layers.LayerNormalization().epsilon == 1e-3
PYTHON
