#!/usr/bin/env bash
# Guess: a batch in which every label is ignored gives a NaN loss and poisons the weights by NaN gradients.
# True:  the loss is NaN, 0/0, and its gradient is exactly 0: the step does nothing, and only what averages the losses for the log is NaN from then on. A check of the
#        gradients finds nothing; skipping batches whose loss is NaN changes the optimizer's averages, for a step with zero gradients decays them.
# Seen:  torch 2.13.0, with and without label smoothing and class weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn.functional import cross_entropy

for options in ({}, {"label_smoothing": 0.1}, {"weight": torch.tensor([1.0, 2.0, 3.0])}):
    logits = torch.randn(2, 3, requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([-100, -100]), **options)
    loss.backward()
    print(sorted(options), "loss", loss.item(), "gradient", logits.grad.tolist())
    assert loss.isnan() and not logits.grad.any()
PYTHON
