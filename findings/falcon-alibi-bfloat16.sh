#!/usr/bin/env bash
# Guess: in float64, or float32, ALiBi's slopes are the paper's: 2^(-8h/H), and between them for heads that are no power of 2. Falcon's equal BLOOM's.
# True:  Falcon's build_alibi_tensor casts the distances to bfloat16 and multiplies in it, whatever the model's type: the slope .70711 of the ninth of twelve
#        heads is .70703. A float64 model is off by 1e-4 of its scores' bias at every distance; BLOOM's function, called alike, is not.
# Seen:  transformers 5.24.0, torch 2.13.0: falcon .70703125 .353515625, bloom .70710677 .35355338 (that is float32's rounding); 8 of 12 heads agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers.models.bloom.modeling_bloom import build_alibi_tensor as bloom
from transformers.models.falcon.modeling_falcon import build_alibi_tensor as falcon

seen = torch.ones(1, 2)  # two words that are no padding
slopes = {}
for name, build in (("falcon", falcon), ("bloom", bloom)):
    bias = build(seen, 12, torch.float64).view(12, 2)
    slopes[name] = bias[:, 1] - bias[:, 0]
    print(name, [round(x, 8) for x in slopes[name].tolist()])
apart = (slopes["falcon"] - slopes["bloom"]).abs() / slopes["bloom"]
print(f"heads that agree {int((apart < 1e-7).sum())} of 12; largest relative difference {apart.max():.1e}")
assert slopes["falcon"][8] == 0.70703125
assert abs(slopes["bloom"][8] - 2**-0.5) < 1e-7
assert int((apart < 1e-7).sum()) == 8
PYTHON
