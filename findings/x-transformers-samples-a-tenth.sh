#!/usr/bin/env bash
# Guess: AutoregressiveWrapper.generate(..., temperature=1.) draws from the distribution that the model computes.
# True:  its filter_logits_fn is top_k with a tenth of the vocabulary unless told otherwise: of 50 words 45 can never come, whatever the temperature, and no argument in the call
#        says so. filter_logits_fn=lambda logits: logits draws from all.
# Seen:  x-transformers 2.31.10 with torch 2.13.0: 2,000 draws after one word: 5 different ones by default, all 50 without the filter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 x-transformers==2.31.10 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from x_transformers import AutoregressiveWrapper, Decoder, TransformerWrapper

torch.manual_seed(0)
model = AutoregressiveWrapper(TransformerWrapper(num_tokens=50, max_seq_len=8, attn_layers=Decoder(dim=16, depth=1, heads=2)))
start = torch.ones(2000, 1, dtype=torch.long)
with torch.no_grad():
    filtered = model.generate(start, 1, temperature=1.0).unique().numel()
    free = model.generate(start, 1, temperature=1.0, filter_logits_fn=lambda logits: logits).unique().numel()
print(f"words seen in 2,000 draws: {filtered} by default, {free} without the filter")
assert filtered == 5 and free == 50
PYTHON
