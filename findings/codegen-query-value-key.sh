#!/usr/bin/env bash
# Guess: the fused qkv_proj of CodeGen, sized 3 d_model, holds queries, keys and values one after the other, as in GPT-2, or a head at a time, as in GPT-NeoX.
# True:  it holds four slices (how the model was once spread over four devices), each with query, VALUE, key in this order. The shapes fit every other reading.
# Seen:  transformers 5.24.0 with torch 2.13.0: weights cut as [4, (q, v, k)] give the attention that the model returns to 1e-7; q, k, v in order or q, k, v in four slices do not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import CodeGenConfig, CodeGenModel

torch.manual_seed(0)
config = CodeGenConfig(vocab_size=20, n_embd=32, n_layer=1, n_head=4, rotary_dim=4, n_positions=16, bos_token_id=0, eos_token_id=1)
config._attn_implementation = "eager"
model = CodeGenModel(config).eval()
block = model.h[0]
torch.nn.init.normal_(block.attn.qkv_proj.weight, std=0.5)
words = torch.arange(1, 2)[None]  # one word: whatever the keys, its context is its value
seen = []
block.attn.out_proj.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
with torch.no_grad():
    model(words)
    fused = block.attn.qkv_proj(block.ln_1(model.wte(words)))[0, 0]
sliced = fused.view(4, 3, 8)
readings = {
    "q, k, v": fused.view(3, 32)[2],
    "four slices of q, k, v": sliced[:, 2].flatten(),
    "four slices of q, v, k": sliced[:, 1].flatten(),
}
off = {name: (value - seen[0][0, 0]).abs().max().item() for name, value in readings.items()}
for name, value in off.items():
    print(f"{name:24}off by {value:.1e}")
assert off["four slices of q, v, k"] < 1e-6 < 0.1 < min(off["q, k, v"], off["four slices of q, k, v"])
PYTHON
