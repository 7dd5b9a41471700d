#!/usr/bin/env bash
# Guess: create_optimizer_v2(model, "sgd", lr=.1, momentum=.9) is SGD with momentum.
# True:  timm's "sgd" is Nesterov's momentum; plain momentum is called "momentum". Besides, weight_decay is not applied to biases and norms, unlike torch.optim.SGD(model.parameters()).
# Seen:  timm 1.0.31 with torch 2.14.1; the first two steps on a constant gradient of 1 in units of lr: 1.9 and 2.71 in place of 1 and 1.9.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 torchvision==0.29.1 timm==1.0.31 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import timm.optim
import torch


def moves(kind: str) -> list[float]:
    layer = torch.nn.Linear(1, 1, bias=False)
    optimizer = timm.optim.create_optimizer_v2(layer, kind, lr=0.1, momentum=0.9)
    places = [layer.weight.item()]
    for _ in range(2):
        layer.weight.grad = torch.ones(1, 1)
        optimizer.step()
        places.append(layer.weight.item())
    return [round((a - b) / 0.1, 3) for a, b in zip(places, places[1:])]


decayed = {
    len(next(iter(group["params"])).shape): group["weight_decay"]
    for group in timm.optim.create_optimizer_v2(torch.nn.Linear(2, 2), "sgd", lr=0.1, weight_decay=0.05).param_groups
}
print("sgd:", moves("sgd"), "momentum:", moves("momentum"), "weight decay of the weight and the bias:", decayed[2], decayed[1])
assert moves("sgd") == [1.9, 2.71] and moves("momentum") == [1.0, 1.9]
assert decayed == {2: 0.05, 1: 0.0}
PYTHON
