#!/usr/bin/env bash
# Guess: causal_lower_right(2, 5) of torch.nn.attention.bias, a Tensor by its type, is the (2, 5) bias that one adds to scores: its shape, a sum, a print tell what it is.
# True:  it is a name for a mask: its shape is (2, 2, 5), where the first 2 says "lower right" (causal_upper_left has (1, 2, 5)). Added to scores of (2, 5) it gives, without a
#        word, (2, 2, 5) numbers that are not the mask's; looking at the sum raises an AttributeError about `variant`. Only scaled_dot_product_attention reads what it means.
# Seen:  torch 2.13.0: shapes, the sum, attention beside the mask written out; nn.MultiheadAttention refuses it for its shape.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn.attention.bias import causal_lower_right, causal_upper_left

torch.manual_seed(0)
q, k, v = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 5, 4), torch.randn(1, 1, 5, 4)
bias = causal_lower_right(2, 5)
shapes = tuple(bias.shape), tuple(causal_upper_left(2, 5).shape)
added = torch.zeros(2, 5) + bias
try:
    outcome = repr(added)
except AttributeError as error:
    outcome = str(error)
written = torch.ones(2, 5, dtype=torch.bool).tril(3)
attend = torch.nn.functional.scaled_dot_product_attention
off = (attend(q, k, v, attn_mask=bias) - attend(q, k, v, attn_mask=written)).abs().max().item()
try:
    torch.nn.MultiheadAttention(4, 1, batch_first=True)(q[0], k[0], v[0], attn_mask=bias)
    inside = "taken"
except Exception as error:
    inside = type(error).__name__
print("shapes", *shapes, "| the sum:", tuple(added.shape), outcome, "| attention off by", off, "| MultiheadAttention:", inside)
assert isinstance(bias, torch.Tensor) and shapes == ((2, 2, 5), (1, 2, 5)) and added.shape == (2, 2, 5) and "variant" in outcome and off < 1e-6 and inside != "taken"
PYTHON
