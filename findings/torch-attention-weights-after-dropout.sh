#!/usr/bin/env bash
# Guess: the weights that MultiheadAttention returns are the softmax's: rows that sum to 1, dropout or not.
# True:  in train mode they are what dropout left: zeros, the others divided by 1 - p. Rows sum to anything, and a picture of attention drawn while training is one of the dice.
#        Averaged over heads, as is the default, the zeros are hard to see.
# Seen:  torch 2.13.0; p .5, 8 features, 2 heads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch

torch.manual_seed(0)
attention = torch.nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
x = torch.randn(1, 6, 8)
trained = attention(x, x, x, average_attn_weights=False)[1]
shown = attention.eval()(x, x, x, average_attn_weights=False)[1]
print("sums of the rows, train:", trained.sum(-1).flatten().tolist())
print("sums of the rows, eval: ", shown.sum(-1).flatten().tolist())
kept = trained != 0
print("kept weights, train / eval:", (trained[kept] / shown[kept]).unique().tolist(), "zeros:", int((~kept).sum()), "of", kept.numel())
assert torch.allclose(shown.sum(-1), torch.ones(1, 2, 6))
assert (trained.sum(-1) - 1).abs().max() > 0.2 and (~kept).any()
assert torch.allclose(trained[kept], 2 * shown[kept])
PYTHON
