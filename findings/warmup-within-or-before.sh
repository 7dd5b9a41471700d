#!/usr/bin/env bash
# Guess: a cosine schedule with 5 warm-up and 10 decay steps is the same curve in keras and in optax, as both call these warmup_steps and decay_steps.
# True:  optax counts the warm-up within decay_steps (the rate is 0 from step 10 on), keras before them (from step 15 on). A recipe carried over decays in half the time, or
#        goes on training for half as long again at a rate that should be 0.
# Seen:  keras 3.15.1, optax 0.2.8: at step 10 the rates are .5 and 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import keras
import optax

by_keras = keras.optimizers.schedules.CosineDecay(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=5)
by_optax = optax.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps=5, decay_steps=10)
rates = [(step, float(by_keras(step)), float(by_optax(step))) for step in range(17)]
for step, one, other in rates:
    print(f"step {step:2}   keras {one:.3f}   optax {other:.3f}")
assert all(abs(one - other) < 1e-6 for step, one, other in rates if step <= 5)
assert abs(rates[10][1] - 0.5) < 1e-6 and rates[10][2] < 1e-6 and rates[14][1] > 0.02 and rates[15][1] < 1e-6
PYTHON
