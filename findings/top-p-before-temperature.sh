#!/usr/bin/env bash
# Guess: top_p=.9 with temperature=2 cuts the distribution that is drawn from: first the temperature, then the nucleus, as in transformers' generate.
# True:  mlx-lm cuts first, at temperature 1, and flattens what is left. A model that is sure of its word keeps one word at any temperature; transformers with the same
#        settings draws from dozens. The hotter, the farther apart; below 1 it is the other way round.
# Seen:  mlx-lm 0.32.2 with mlx 0.32.4 on the CPU, transformers 5.24.0 with torch 2.13.0: one word with p = .95, 49 others: mlx-lm keeps 1 word, transformers more than 30.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mlx-lm==0.32.2 "mlx[cpu]==0.32.4" torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import mlx.core as mx
import numpy as np
import torch
from mlx_lm.sample_utils import make_sampler
from transformers import TemperatureLogitsWarper, TopPLogitsWarper

mx.set_default_device(mx.cpu)
mx.random.seed(0)
p = np.full(50, 0.05 / 49)
p[7] = 0.95
logits = np.log(p).astype(np.float32)


def of_mlx(temperature: float) -> set[int]:
    sampler = make_sampler(temp=temperature, top_p=0.9)
    return set(np.asarray(sampler(mx.array(np.tile(logits, (4000, 1))))).tolist())


def of_transformers(temperature: float) -> set[int]:
    scores = torch.tensor(logits)[None]
    if temperature != 1:
        scores = TemperatureLogitsWarper(temperature)(None, scores)
    return set(TopPLogitsWarper(0.9)(None, scores)[0].isfinite().nonzero()[:, 0].tolist())


seen = {temperature: (len(of_mlx(temperature)), len(of_transformers(temperature))) for temperature in (1.0, 2.0)}
for temperature, (mlx, theirs) in seen.items():
    print(f"temperature {temperature}, top_p .9: words that can come: mlx-lm {mlx}   transformers {theirs}")
assert seen[1.0] == (1, 1)
assert seen[2.0][0] == 1 and seen[2.0][1] > 30
PYTHON
