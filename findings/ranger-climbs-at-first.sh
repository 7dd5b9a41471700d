#!/usr/bin/env bash
# Guess: RAdam and Ranger (RAdam with Lookahead) begin with small careful steps downhill: until the variance can be rectified, torch.optim.RAdam steps by the momentum alone.
# True:  in pytorch_optimizer RAdam does not move at all in its first five steps, and Ranger goes uphill: the step size of "not rectified" is -1, RAdam skips such a step, and
#        Ranger multiplies it in, so lr times the momentum is added to the parameters instead of taken off. From the sixth step on both descend.
# Seen:  pytorch_optimizer 4.1.0 with torch 2.14.1, the sum of squares of four numbers from 54.00: RAdam 54.00 after five steps, Ranger 64.52;
#        torch.optim.RAdam, and pytorch_optimizer's own with degenerated_to_sgd=True, 43.95.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 pytorch_optimizer==4.1.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import pytorch_optimizer
import torch


def after(steps: int, optimizer, **options: float | bool) -> float:
    parameter = torch.nn.Parameter(torch.tensor([[4.0, -3.0], [2.0, -5.0]]))
    steps_of = optimizer([parameter], **options)
    for _ in range(steps):
        steps_of.zero_grad()
        (parameter**2).sum().backward()
        steps_of.step()
    return float((parameter**2).sum())


radam = after(5, pytorch_optimizer.RAdam, lr=0.01)
ranger = after(5, pytorch_optimizer.Ranger, lr=0.01)
theirs, sgd = after(5, torch.optim.RAdam, lr=0.01), after(5, pytorch_optimizer.RAdam, lr=0.01, degenerated_to_sgd=True)
later = after(30, pytorch_optimizer.Ranger, lr=0.01), after(40, pytorch_optimizer.Ranger, lr=0.01)
print(f"from 54.00, after five steps: RAdam {radam:.2f}   Ranger {ranger:.2f}   torch's RAdam {theirs:.2f}   degenerated_to_sgd {sgd:.2f}")
assert radam == 54.0
assert ranger > 60
assert later[1] < later[0]
assert theirs < 45 and sgd < 45
PYTHON
