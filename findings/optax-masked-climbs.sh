#!/usr/bin/env bash
# Guess: optax.masked(optax.sgd(.1), mask) trains what the mask says True for and leaves the rest where it is, frozen.
# True:  what is masked out passes through unchanged, and it is the gradient: apply_updates adds it. So the "frozen" weights climb their loss, with a rate of 1 and no sign turned, while
#        the others descend. To freeze, send the rest through optax.set_to_zero() (optax.partition / multi_transform, or a second masked). The same mask on
#        add_decayed_weights inside a chain is right, which is where one learns it.
# Seen:  optax 0.2.8 with jax 0.10.2: two weights of 1 with gradient 1: the trained one .9, the other 2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import optax


def step(optimizer) -> dict[str, float]:
    weights = {"trained": jnp.array(1.0), "frozen": jnp.array(1.0)}
    gradients = {"trained": jnp.array(1.0), "frozen": jnp.array(1.0)}
    updates, _ = optimizer.update(gradients, optimizer.init(weights), weights)
    return {name: round(float(weight), 6) for name, weight in optax.apply_updates(weights, updates).items()}


masked = step(optax.masked(optax.sgd(0.1), {"trained": True, "frozen": False}))
apart = step(optax.partition({"sgd": optax.sgd(0.1), "none": optax.set_to_zero()}, {"trained": "sgd", "frozen": "none"}))
print("masked                   ", masked)
print("partition and set_to_zero", apart)
assert masked == {"trained": 0.9, "frozen": 2.0}
assert apart == {"trained": 0.9, "frozen": 1.0}
PYTHON
