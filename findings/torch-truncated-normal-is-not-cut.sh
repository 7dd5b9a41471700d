#!/usr/bin/env bash
# Guess: nn.init.trunc_normal_(weight, std=.02) draws a normal of .02 that is cut at two standard deviations, as truncated normals in jax, keras and TensorFlow are.
# True:  a=-2 and b=2 are numbers, not standard deviations: at .02 the cut lies a hundred of them out and never acts; at std 1 it does, and the spread is .88. Initialisers that
#        differ by "truncated" alone are the same in torch and 12 % apart elsewhere. The cut of two deviations is a=-2 * std, b=2 * std.
# Seen:  torch 2.13.0: a million weights of std .02: spread .0200, largest .09 or more; with a and b scaled .0176 and .04.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch

torch.manual_seed(0)


def drawn(**cut: float) -> tuple[float, float]:
    weight = torch.nn.init.trunc_normal_(torch.empty(1_000_000), **cut)
    return weight.std().item(), weight.abs().max().item()


seen = {"std=.02": drawn(std=0.02), "std=.02, a=-.04, b=.04": drawn(std=0.02, a=-0.04, b=0.04), "std=1": drawn(std=1.0)}
for name, (spread, largest) in seen.items():
    print(f"{name:24}spread {spread:.4f}   largest {largest:.4f}")
assert abs(seen["std=.02"][0] - 0.02) < 1e-4 and seen["std=.02"][1] > 0.08
assert abs(seen["std=.02, a=-.04, b=.04"][0] - 0.0176) < 1e-4 and seen["std=.02, a=-.04, b=.04"][1] <= 0.0400001
assert abs(seen["std=1"][0] - 0.88) < 1e-2
PYTHON
