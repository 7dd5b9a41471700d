#!/usr/bin/env bash
# Guess: rotary_pos_emb=True turns all features of a head, as Llama and RoFormer do.
# True:  it turns max(dim_head // 2, 32) of them: 32 of 64. A checkpoint of one cannot be run in the other; rotary_emb_dim=64 must be given.
#        A score between the upper halves of q and k does not know how far apart the words are.
# Seen:  x-transformers 2.31.10, torch 2.13.0: 16 frequencies (32 features) for heads of 64; with rotary_emb_dim=64 there are 32.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 x-transformers==2.31.10
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from x_transformers import Decoder

by_default = Decoder(dim=64, depth=1, heads=1, attn_dim_head=64, rotary_pos_emb=True).rotary_pos_emb.inv_freq.numel()
asked = Decoder(dim=64, depth=1, heads=1, attn_dim_head=64, rotary_pos_emb=True, rotary_emb_dim=64).rotary_pos_emb.inv_freq.numel()
print(f"frequencies for heads of 64: by default {by_default} (turns {2 * by_default} features), with rotary_emb_dim=64 {asked}")
assert (by_default, asked) == (16, 32)
PYTHON
