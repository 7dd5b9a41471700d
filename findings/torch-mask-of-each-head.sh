#!/usr/bin/env bash
# Guess: a mask of its own for each sentence, (N, L, S), becomes the (N heads, L, S) that nn.MultiheadAttention asks for by mask.repeat(heads, 1, 1).
# True:  the heads of one sentence stand side by side: place n * heads + h. repeat lays the whole batch down heads times, so that sentence 0's second head gets the mask of sentence 1:
#        some heads look at what they must not, others are kept from what they may see. The shapes agree and, where all masks are alike, so do the numbers. It takes
#        mask.repeat_interleave(heads, dim=0).
# Seen:  torch 2.13.0: sentence 0 causal, sentence 1 not, 2 heads: with repeat sentence 0's second head gives the future weight, and sentence 1's first head sees none of it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch

torch.manual_seed(0)
attention = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
x = torch.randn(2, 4, 8)
mask = torch.stack([torch.ones(4, 4).triu(1).bool(), torch.zeros(4, 4).bool()])
future = {}
for name, each in (("repeat", mask.repeat(2, 1, 1)), ("repeat_interleave", mask.repeat_interleave(2, dim=0))):
    weights = attention(x, x, x, attn_mask=each, average_attn_weights=False)[1]
    future[name] = weights[:, :, 0, 1:].sum(-1).tolist()
    print(f"{name:18}weight of the first word's future, a list for each sentence, a number for each head: {[[round(w, 2) for w in heads] for heads in future[name]]}")
(causal, other), (causal_right, other_right) = future["repeat"], future["repeat_interleave"]
assert causal_right == [0, 0] and min(other_right) > 0.1
assert causal[0] == 0 and causal[1] > 0.1 and other[0] == 0 and other[1] > 0.1
PYTHON
