#!/usr/bin/env bash
# Guess: Adam(learning_rate=.1) moves every weight by .1 at its first step, as the paper's and torch's Adam do.
# True:  mlx's Adam and AdamW leave the correction of the averages' start out unless bias_correction=True: the first step is lr (1 - b1) / sqrt(1 - b2) = 3.16 lr,
#        and the steps stay larger than asked for hundreds of updates. A learning rate carried over from torch is three times as large at the start.
# Seen:  mlx 0.32.4 on the CPU; a constant gradient of .5, lr .1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "mlx[cpu]==0.32.4" numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import mlx.core as mx
import mlx.optimizers as optimizers
import numpy as np

mx.set_default_device(mx.cpu)


def moves(**options) -> np.ndarray:
    adam = optimizers.Adam(0.1, **options)
    weights, places = {"w": mx.array([0.0])}, [0.0]
    for _ in range(100):
        weights = adam.apply_gradients({"w": mx.array([0.5])}, weights)
        places.append(float(weights["w"][0]))
    return -np.diff(places) / 0.1


plain, corrected = moves(), moves(bias_correction=True)
print("steps 1, 2, 10, 100 in units of lr:", plain[[0, 1, 9, 99]].round(3), "with bias_correction:", corrected[[0, 1, 9, 99]].round(3))
assert np.isclose(plain[0], 0.1 / np.sqrt(0.001), rtol=1e-3) and plain[99] > 2
assert np.allclose(corrected, 1, rtol=1e-3)
PYTHON
