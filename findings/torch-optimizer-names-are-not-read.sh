#!/usr/bin/env bash
# Guess: AdamW(model.named_parameters()) saves names, so that its averages find their parameters again when the model lists them in another order.
# True:  load_state_dict gives the averages away by place and compares no name; where shapes agree (the projections of attention do) the moments of one weight go to another. The
#        names of the file are then taken over as well: state_dict() says that the averages of b are those of a.
# Seen:  torch 2.13.0: saved with W_Q before W_K, loaded with W_K before W_Q: W_Q, whose gradients were 1, has an average of 0 and W_K, whose were 0, has .1; no error and no warning.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import warnings

import torch

weights = {name: torch.nn.Parameter(torch.zeros(2, 2)) for name in ("W_Q", "W_K")}
saved = torch.optim.AdamW(list(weights.items()))
weights["W_Q"].grad, weights["W_K"].grad = torch.ones(2, 2), torch.zeros(2, 2)
saved.step()
loaded = torch.optim.AdamW([(name, weights[name]) for name in ("W_K", "W_Q")])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    loaded.load_state_dict(saved.state_dict())
seen = {}
for when, optimizer in (("saved", saved), ("loaded", loaded)):
    seen[when] = {name: round(optimizer.state[weight]["exp_avg"][0, 0].item(), 3) for name, weight in weights.items()}
    print(f"{when:7}averages {seen[when]}   names in its state_dict {optimizer.state_dict()['param_groups'][0]['param_names']}")
assert seen == {"saved": {"W_Q": 0.1, "W_K": 0.0}, "loaded": {"W_Q": 0.0, "W_K": 0.1}}
assert loaded.state_dict()["param_groups"][0]["param_names"] == ["W_Q", "W_K"]
assert loaded.param_groups[0]["params"][0] is weights["W_K"]
PYTHON
