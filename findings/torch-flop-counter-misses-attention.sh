#!/usr/bin/env bash
# Guess: FlopCounterMode counts the matrix products of attention, however it is written.
# True:  on the CPU scaled_dot_product_attention runs in one kernel that the counter has no rule for: 0. The same attention spelled as two products is counted.
#        TransformerEncoderLayer under eval and no_grad runs in one fused kernel as a whole: the entire layer counts 0. An LSTM counts 0.
# Seen:  torch 2.13.0 on the CPU; 1 sentence, 2 heads, 5 words, d_k 4: 2 products x 2 heads x 5 x 5 x 4 x 2 = 800.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn import LSTM, TransformerEncoderLayer
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode


def count(work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


q = torch.randn(1, 2, 5, 4)
x = torch.randn(1, 5, 8)
layer = TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
by_hand = count(lambda: torch.softmax(q @ q.mT / 2, -1) @ q)
fused = count(lambda: scaled_dot_product_attention(q, q, q))
with_grad = count(lambda: layer(x))
with torch.no_grad():
    without = count(lambda: layer(x))
lstm = count(lambda: LSTM(8, 8)(x))
print(f"attention as two products: {by_hand}; scaled_dot_product_attention: {fused}")
print(f"an encoder layer with grad: {with_grad}, without: {without}; an LSTM: {lstm}")
assert (by_hand, fused, without, lstm) == (800, 0, 0, 0) and with_grad == 5120
PYTHON
