#!/usr/bin/env bash
# Guess: the mask that performer-pytorch's SelfAttention takes hides padding: what is padded gives the words what they get without.
# True:  of a masked word only the value is set to 0; its key stays in the sum that the outputs are divided by. So every word's output shrinks by the share of attention that the
#        padding takes, and what stands in the padding counts: the numbers of a sentence depend on how far its batch is padded.
# Seen:  performer-pytorch 1.1.4 with torch 2.13.0: eight words padded to 16 and to 32 move by .23 and .31, of numbers up to .52; exact attention moves by rounding alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 performer-pytorch==1.1.4 local-attention==1.11.2 axial-positional-embedding==0.3.12 einops==0.8.2
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from performer_pytorch import SelfAttention
from torch.nn.functional import scaled_dot_product_attention as exact

torch.manual_seed(0)
layer = SelfAttention(dim=32, heads=2, dim_head=16, causal=False).eval()
words = torch.randn(1, 8, 32)
alone = {}
for n in (8, 16, 32):
    padded = torch.cat([words, torch.randn(1, n - 8, 32)], 1)
    seen = torch.arange(n)[None] < 8
    with torch.no_grad():
        found = {"performer": layer(padded, mask=seen)[:, :8], "exact": exact(padded, padded, padded, attn_mask=seen[:, None])[:, :8]}
    if n == 8:
        alone = found
        continue
    moved = {name: (found[name] - alone[name]).abs().max().item() for name in found}
    print(f"padded to {n}: performer moves by {moved['performer']:.3f}, exact attention by {moved['exact']:.1e}")
    assert moved["performer"] > 0.05 and moved["exact"] < 1e-5
PYTHON
