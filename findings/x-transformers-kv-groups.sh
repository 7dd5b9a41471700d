#!/usr/bin/env bash
# Guess: with 4 query heads and 2 key/value heads, heads 0 and 1 share the first pair and heads 2 and 3 the second, as in Ainslie et al. 2023, Llama, PyTorch's
#        enable_gqa, jax and keras; so weights can be carried over head by head.
# True:  x-transformers tiles the key/value heads: head i reads pair i mod 2. Heads 0 and 2 share one, 1 and 3 the other. Shapes fit either way, nothing warns, and
#        the numbers are wrong until the query heads are put in another order.
# Seen:  x-transformers 2.31.10, torch 2.13.0: the value heads answer 1 and 2; the four heads give 1 2 1 2, PyTorch's 1 1 2 2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 x-transformers==2.31.10
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from x_transformers import Attention

attention = Attention(dim=8, heads=4, dim_head=2, kv_heads=2)
with torch.no_grad():
    attention.to_v.weight.copy_(torch.cat([torch.full((2, 8), 1.0), torch.full((2, 8), 2.0)]))
    attention.to_out.weight.copy_(torch.eye(8))
found = attention(torch.ones(1, 3, 8) / 8)
found = found[0] if isinstance(found, tuple) else found
tiled = found[0, 0, ::2].tolist()
q, v = torch.zeros(1, 4, 3, 2), torch.tensor([1.0, 2.0])[None, :, None, None].expand(1, 2, 3, 2)
grouped = torch.nn.functional.scaled_dot_product_attention(q, v * 0, v, enable_gqa=True)[0, :, 0, 0].tolist()
print("x-transformers, head by head", tiled)
print("torch enable_gqa            ", grouped)
assert tiled == [1.0, 2.0, 1.0, 2.0]
assert grouped == [1.0, 1.0, 2.0, 2.0]
PYTHON
