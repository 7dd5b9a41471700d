#!/usr/bin/env bash
# Guess: LAMB moves a matrix by lr times its norm, whoever wrote it: with lr 1 a weight of norm 100 by 100.
# True:  torch_optimizer caps the norm at 10 (its clamp_value) before it scales, so that large tables move ten times less; timm scales only what has weight decay (always_adapt=False): with
#        weight_decay=0, or in the group of biases and norms, it is Adam, a step of the root of the number of weights. optax, whose default is no decay, scales always.
# Seen:  optax 0.2.8 with jax 0.10.2, torch_optimizer 0.3.0, timm 1.0.31 with torch 2.14.1: 64 x 64, norm 100, gradient 1, no decay: steps of 100, 10 and 64; timm with always_adapt 100.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet timm==1.0.31 torch==2.14.1 torch_optimizer==0.3.0 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax.numpy as jnp
import numpy as np
import optax
import timm.optim
import torch
import torch_optimizer

start = np.full((64, 64), 100 / 64, np.float32)


def of_torch(optimizer, **options: float | bool) -> float:
    weight = torch.nn.Parameter(torch.tensor(start))
    weight.grad = torch.ones(64, 64)
    optimizer([weight], lr=1.0, weight_decay=0.0, **options).step()
    return float((weight.detach() - torch.tensor(start)).norm())


lamb = optax.lamb(1.0)
update, _ = lamb.update(jnp.ones((64, 64)), lamb.init(jnp.array(start)), jnp.array(start))
seen = {
    "optax": float(jnp.linalg.norm(update)),
    "torch_optimizer": of_torch(torch_optimizer.Lamb),
    "timm": of_torch(timm.optim.Lamb),
    "timm, always_adapt": of_torch(timm.optim.Lamb, always_adapt=True),
}
for name, moved in seen.items():
    print(f"{name:20}{moved:.2f}")
for name, moved in (("optax", 100), ("torch_optimizer", 10), ("timm", 64), ("timm, always_adapt", 100)):
    assert abs(seen[name] - moved) < 0.1
PYTHON
