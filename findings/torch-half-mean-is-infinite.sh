#!/usr/bin/env bash
# Guess: the mean of 20,000 losses of 11 is 11 in any precision: a mean cannot overflow where none of its numbers does.
# True:  cross_entropy on float16 logits (CPU) adds the losses up in float16 before it divides: from 65504 on the mean is inf, here with about 6,000 labels.
#        mse_loss over as many numbers is right, and so is .mean() of the losses with reduction="none".
# Seen:  torch 2.13.0 on the CPU.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn.functional import cross_entropy, mse_loss

seen = {}
for count in (5000, 20000):
    logits = torch.zeros(count, 4, dtype=torch.float16)
    logits[:, 0] = 11.0
    labels = torch.ones(count, dtype=torch.long)
    own = cross_entropy(logits, labels, reduction="none")
    seen[count] = (cross_entropy(logits, labels).item(), own.mean().item(), cross_entropy(logits.float(), labels).item())
    print(f"{count} labels: mean in float16 {seen[count][0]}, mean of the losses {seen[count][1]}, in float32 {seen[count][2]:.4f}")
squares = mse_loss(torch.full((20000,), 20.0, dtype=torch.float16), torch.zeros(20000, dtype=torch.float16)).item()
print("mse_loss of 20,000 differences of 20 in float16:", squares)
assert abs(seen[5000][0] - 11) < 0.02 and seen[5000][1] == 11.0
assert seen[20000][:2] == (float("inf"), 11.0) and abs(seen[20000][2] - 11) < 1e-3
assert squares == 400
PYTHON
