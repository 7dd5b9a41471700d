#!/usr/bin/env bash
# Guess: ModuleValidator.fix puts DPMultiheadAttention, "a drop-in replacement", where nn.MultiheadAttention was: same weights, same numbers.
# True:  with batch_first=True and more than one head it does not lay the heads of a word side by side again: what comes out as the first word are head 0's results for the first two (or H)
#        words, and so on. The attention weights that it returns are right, the shapes are, a single head is; the result goes through out_proj in the wrong order.
#        With batch_first=False the two agree.
# Seen:  opacus 1.6.0 with torch 2.13.0: 2 heads, 5 words: off by more than .3 with batch_first, by less than 1e-5 without or with one head; put in order by hand 1e-6.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet opacus==1.6.0 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from opacus.validators import ModuleValidator
from torch import nn

torch.manual_seed(0)
off = {}
for batch_first, heads in ((True, 2), (False, 2), (True, 1)):
    plain = nn.MultiheadAttention(8, heads, batch_first=batch_first).eval()
    fixed = ModuleValidator.fix(plain).eval()
    x = torch.randn(2, 5, 8)
    with torch.no_grad():
        (wanted, weights), (got, their_weights) = plain(x, x, x), fixed(x, x, x)
    off[batch_first, heads] = (got - wanted).abs().max().item()
    print(f"batch_first {batch_first}, {heads} heads: result off by {off[batch_first, heads]:.1e}, attention weights by {(weights - their_weights).abs().max():.1e}")
    assert torch.allclose(weights, their_weights, atol=1e-6)
    if batch_first and heads == 2:
        weight, bias = plain.out_proj.weight, plain.out_proj.bias
        with torch.no_grad():
            before = torch.linalg.solve(weight, (got - bias).unsqueeze(-1)).squeeze(-1)
            ordered = before.reshape(2, 2, 5, 4).transpose(1, 2).reshape(2, 5, 8) @ weight.T + bias
        print(f"    its heads put side by side by hand: off by {(ordered - wanted).abs().max():.1e}")
        assert torch.allclose(ordered, wanted, atol=1e-4)
assert off[True, 2] > 0.1
assert off[False, 2] < 1e-5 and off[True, 1] < 1e-5
PYTHON
