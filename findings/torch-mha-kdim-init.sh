#!/usr/bin/env bash
# Guess: nn.MultiheadAttention draws W_Q, W_K and W_V alike, however it is declared: Xavier for an E x E matrix, standard deviation sqrt(2 / 2E).
# True:  where keys and values have the width of the queries the three are one (3E, E) matrix, and Xavier is taken of that: sqrt(2 / 4E), a factor .71 smaller. As
#        soon as kdim or vdim differs, W_Q (whose shape has not changed) is drawn the larger way. Scores start half as large in the one as in the other.
# Seen:  torch 2.13.0, E = 64: .0886 and .1254 (predicted .0884 and .1250).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import math

import torch

torch.manual_seed(0)
fused = torch.nn.MultiheadAttention(64, 4).in_proj_weight[:64].std().item()
apart = torch.nn.MultiheadAttention(64, 4, kdim=65, vdim=65).q_proj_weight.std().item()
print(f"W_Q of 64 x 64: fused {fused:.4f}, with kdim=65 {apart:.4f}; sqrt(2/4E) {math.sqrt(2 / 256):.4f}, sqrt(2/2E) {math.sqrt(2 / 128):.4f}")
assert abs(fused - math.sqrt(2 / 256)) < 0.003
assert abs(apart - math.sqrt(2 / 128)) < 0.003
PYTHON
