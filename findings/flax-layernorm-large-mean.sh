#!/usr/bin/env bash
# Guess: LayerNorm is LayerNorm: of 64 numbers around 10,000 with a spread of 1 it makes numbers with a spread of 1, in float32 too.
# True:  flax computes the variance as mean(x^2) - mean(x)^2 unless use_fast_variance=False. Around 10,000 that difference is rounding noise: the
#        result is hundreds of times too large (or, where the noise is negative, clipped to 0 and divided by the root of eps). PyTorch and keras give 1.
# Seen:  flax 0.12.8, jax 0.10.2 (CPU): spread 912 by default, 1.000 with use_fast_variance=False.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import flax.linen as nn
import jax.numpy as jnp
import numpy as np

x = (np.random.default_rng(0).normal(size=(1, 64)) + 1e4).astype(np.float32)
own = {"params": {"scale": jnp.ones(64), "bias": jnp.zeros(64)}}
fast = float(np.std(np.asarray(nn.LayerNorm().apply(own, x))))
slow = float(np.std(np.asarray(nn.LayerNorm(use_fast_variance=False).apply(own, x))))
print(f"spread of x {x.std():.3f}; normalised: by default {fast:.3f}, with use_fast_variance=False {slow:.3f}")
assert abs(slow - 1) < 1e-3, slow
assert fast > 100, fast
PYTHON
