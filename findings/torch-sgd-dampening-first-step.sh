#!/usr/bin/env bash
# Guess: SGD with momentum m and dampening d steps by b, where b = m b + (1 - d) g from b = 0: with m = d = .9 and g = 1 the steps are .1, .19, .271.
# True:  the first step is taken before there is a buffer: b = g, undampened. The steps are 1, 1, 1: dampening does not slow the start, it
#        keeps a first gradient that is ten times too large alive for the next dozens of steps.
# Seen:  torch 2.13.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch

weight = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.9, dampening=0.9)
steps = []
for _ in range(3):
    before = weight.item()
    weight.grad = torch.ones(1)
    optimizer.step()
    steps.append(round(before - weight.item(), 6))
b, formula = 0.0, []
for _ in range(3):
    b = 0.9 * b + 0.1
    formula.append(round(b, 6))
print("steps seen   ", steps)
print("the recursion", formula)
assert steps == [1.0, 1.0, 1.0]
PYTHON
