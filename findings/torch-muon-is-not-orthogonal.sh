#!/usr/bin/env bash
# Guess: torch.optim.Muon moves a weight by the orthogonal factor U Vᵀ of its momentum, in the weight's own precision.
# True:  its five steps of Newton–Schulz do not converge (the coefficients are chosen for speed): singular values of the update lie anywhere up to 1.2, not at 1; and they are run in
#        bfloat16 whatever the weight is. A float64 run differs from the same five steps in float64 in the second digit, so no check against a formula holds to more.
# Seen:  torch 2.13.0, first update of a 256 × 256 float64 weight, lr 1, no decay: singular values .206 … 1.203; cells up to .27, off from the steps in float64 by up to .005.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch

torch.manual_seed(0)
weight = torch.zeros(256, 256, dtype=torch.float64, requires_grad=True)
weight.grad = torch.randn(256, 256, dtype=torch.float64)
torch.optim.Muon([weight], lr=1.0, weight_decay=0.0).step()
update = -weight.detach()
values = torch.linalg.svdvals(update)

x = weight.grad / weight.grad.norm()
for _ in range(5):
    square = x @ x.T
    x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
off = (update - x).abs().max()
print(f"singular values {values.min():.3f} … {values.max():.3f}; off from the steps in float64 by {off:.1e} of {x.abs().max():.2f}")
assert values.min() < 0.3 and values.max() > 1.1
assert off > 1e-3 * x.abs().max()
PYTHON
