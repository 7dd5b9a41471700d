#!/usr/bin/env bash
# Guess: jax.nn.initializers.truncated_normal(stddev=.02) draws weights that spread by .02, as variance_scaling(…, "truncated_normal") draws those of the spread that was asked for.
# True:  it cuts a normal of .02 at twice that and leaves it: .0176. variance_scaling divides by .8796 first to make up for the cut. Two names for one distribution, 12 % apart, so a
#        model moved from one to the other starts from other scores (their variance is 23 % less).
# Seen:  jax 0.10.2: a million weights: .01758 from truncated_normal(.02), .01998 from variance_scaling with the same spread asked for.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax
from jax.nn.initializers import truncated_normal, variance_scaling

key = jax.random.key(0)
found = {
    "truncated_normal(0.02)": truncated_normal(0.02)(key, (2500, 400)),
    "variance_scaling(1, fan_in, truncated_normal) of 2500": variance_scaling(1.0, "fan_in", "truncated_normal")(key, (2500, 400)),
}
spread = {name: float(x.std()) for name, x in found.items()}
for name, s in spread.items():
    print(f"{name}: {s:.5f}, largest {float(abs(found[name]).max()):.4f}")
first, second = spread.values()
assert abs(first - 0.0176) < 2e-4 and abs(second - 0.02) < 2e-4
PYTHON
