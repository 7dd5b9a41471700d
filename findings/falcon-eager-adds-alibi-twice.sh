#!/usr/bin/env bash
# Guess: output_attentions=True, or attn_implementation="eager", shows more of the same forward pass.
# True:  with ALiBi Falcon's mask has the bias in it already, and the eager attention, the only one that returns weights, adds it once more: other logits than with "sdpa", which
#        is what runs by default. Without ALiBi the two agree to rounding.
# Seen:  transformers 5.24.0 with torch 2.13.0; 2 layers, 4 heads, random weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import FalconConfig, FalconForCausalLM


def apart(alibi: bool) -> tuple[float, float]:
    shape = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, vocab_size=37, parallel_attn=False, multi_query=False, bias=True)
    models = []
    for way in ("sdpa", "eager"):
        torch.manual_seed(0)
        models.append(FalconForCausalLM(FalconConfig(alibi=alibi, initializer_range=0.3, attn_implementation=way, **shape)).eval())
    ids = torch.tensor([[3, 14, 15, 9, 2, 6]])
    with torch.no_grad():
        one, two = (model(ids).logits for model in models)
    return (one - two).abs().max().item(), one.abs().max().item()


with_bias, without = apart(True), apart(False)
print(f"with ALiBi the logits differ by {with_bias[0]:.3g} of {with_bias[1]:.3g}; without by {without[0]:.1g}")
assert with_bias[0] > 1e-3 * with_bias[1] and without[0] < 1e-4
PYTHON
