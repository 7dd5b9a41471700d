#!/usr/bin/env bash
# Guess: clipnorm=1.0 of a keras optimizer is gradient clipping by norm as papers and clip_grad_norm_ mean it: all gradients together are made no longer than 1.
# True:  it clips every variable by itself, so the direction of the update changes and the whole may be as long as the root of their number; the clipping of papers is
#        global_clipnorm (optax.clip_by_global_norm, torch.nn.utils.clip_grad_norm_).
# Seen:  keras 3.15.1, optax 0.2.8: gradients 3 and 4 of two weights: clipnorm gives 1 and 1, global_clipnorm and optax .6 and .8.
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


def moved(**how: float) -> list[float]:
    weights = [keras.Variable(np.zeros(1, np.float32)) for _ in range(2)]
    optimizer = keras.optimizers.SGD(1.0, **how)
    optimizer.build(weights)
    optimizer.apply([np.array([g], np.float32) for g in (3.0, 4.0)], weights)
    return [round(-float(np.asarray(weight)[0]), 5) for weight in weights]


clip = optax.clip_by_global_norm(1.0)
pair = (jnp.array([3.0]), jnp.array([4.0]))
seen = {
    "keras clipnorm": moved(clipnorm=1.0),
    "keras global_clipnorm": moved(global_clipnorm=1.0),
    "optax clip_by_global_norm": [round(float(g[0]), 5) for g in clip.update(pair, clip.init(pair))[0]],
}
for name, update in seen.items():
    print(f"{name:28}{update}")
assert seen["keras clipnorm"] == [1.0, 1.0]
assert seen["keras global_clipnorm"] == seen["optax clip_by_global_norm"] == [0.6, 0.8]
PYTHON
