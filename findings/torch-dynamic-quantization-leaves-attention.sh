#!/usr/bin/env bash
# Guess: quantize_dynamic(model, {nn.Linear}) turns the linear layers of a TransformerEncoderLayer into 8 bits.
# True:  the two of the feed-forward network alone. The projections of query, key and value are one bare parameter, and out_proj is of a class made to be
#        left out: a third of the weights and all of attention stay float32, without a word.
# Seen:  torch 2.13.0; d_model 64, 4 heads, d_ff 256.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn

layer = nn.TransformerEncoderLayer(64, 4, 256)
matrices = sum(each.numel() for each in layer.parameters() if each.ndim == 2)
quantized = torch.ao.quantization.quantize_dynamic(layer, {nn.Linear})
left = {name: each.numel() for name, each in quantized.named_parameters() if each.ndim == 2}
eight_bits = {name for name, each in quantized.named_modules() if "quantized" in type(each).__module__}
print("in 8 bits:", sorted(eight_bits))
print("matrices still in float32:", left, f"{sum(left.values()) / matrices:.2f} of all weights")
assert {"linear1", "linear2"} <= eight_bits and not any("self_attn" in name for name in eight_bits)
assert set(left) == {"self_attn.in_proj_weight", "self_attn.out_proj.weight"}
PYTHON
