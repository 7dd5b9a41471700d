#!/usr/bin/env bash
# Guess: autocast computes softmax, layer norm, exp and sums in float32, wherever it runs: that list is what makes it safe.
# True:  that is the list for CUDA. On the CPU autocast has another: cross_entropy and mse_loss are raised to float32, but softmax, layer_norm, exp and sum of a bfloat16 tensor
#        stay bfloat16. The same training script rounds its attention weights to three digits on one device and not on the other.
# Seen:  torch 2.13.0 on the CPU: softmax and layer_norm of what a linear layer gives are bfloat16; rows of weights add up to 1 but for .0006.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn import functional as F

torch.manual_seed(0)
with torch.no_grad(), torch.autocast("cpu"):
    scores = torch.nn.Linear(64, 64)(torch.randn(32, 64))
    found = {
        "linear": scores, "softmax": F.softmax(scores, -1), "layer_norm": F.layer_norm(scores, (64,)), "exp": scores.exp(), "sum": scores.sum(-1),
        "cross_entropy": F.cross_entropy(scores, torch.arange(32)), "mse_loss": F.mse_loss(scores, scores * 0.5),
    }  # fmt: skip
kinds = {name: str(value.dtype).removeprefix("torch.") for name, value in found.items()}
off = (found["softmax"].double().sum(-1) - 1).abs().max().item()
print(kinds)
print(f"rows of weights add up to 1 but for {off:.4f}")
assert {kinds[name] for name in ("linear", "softmax", "layer_norm", "exp", "sum")} == {"bfloat16"}
assert {kinds["cross_entropy"], kinds["mse_loss"]} == {"float32"}
assert off > 1e-4
PYTHON
