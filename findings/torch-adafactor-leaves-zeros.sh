#!/usr/bin/env bash
# Guess: torch.optim.Adafactor with lr=0.01 moves a parameter by about 0.01 a step, as Adam does; what it starts at does not matter.
# True:  the step is lr times the root mean square of the parameter itself (at least eps[1] = 1e-3), and no option switches that off. What starts at zero, as biases and
#        LoRA's B do, moves by 1e-5 a step, a thousand times less than a parameter of ones; lr is not a length but a share.
# Seen:  torch 2.13.0, ten steps with a gradient of ones: from 0 it moved 1.0e-4, from 1 it moved 0.096; AdamW moves both by 0.100; transformers' Adafactor has scale_parameter=False.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import inspect

import torch


def moved(make, start: float) -> float:
    parameter = torch.nn.Parameter(torch.full((4, 4), start))
    optimizer = make([parameter])
    for _ in range(10):
        parameter.grad = torch.ones(4, 4)
        optimizer.step()
    return (parameter - start).abs().max().item()


def adafactor(parameters):
    return torch.optim.Adafactor(parameters, lr=0.01, weight_decay=0.0)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.0)


zeros, ones = moved(adafactor, 0.0), moved(adafactor, 1.0)
options = list(inspect.signature(torch.optim.Adafactor).parameters)
print(f"Adafactor: from 0 {zeros:.1e}, from 1 {ones:.3f}   AdamW: {moved(adamw, 0.0):.3f}, {moved(adamw, 1.0):.3f}   options: {', '.join(options)}")
assert abs(zeros - 1e-4) < 1e-6 and 0.09 < ones < 0.1
assert abs(moved(adamw, 0.0) - 0.1) < 1e-3 and abs(moved(adamw, 1.0) - 0.1) < 1e-3
assert not [option for option in options if "scale" in option or "relative" in option]
PYTHON
