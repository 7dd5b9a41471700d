#!/usr/bin/env bash
# Guess: LocalAttention(window_size=4, causal=True) lets every word see the 4 last ones, itself among them.
# True:  window_size is the length of blocks: a word sees its own block as far as itself and the whole block before it, so 5, 6, 7 or 8 words by where it stands in its block.
#        exact_windowsize=True makes it the same for all, and 5: four back, and itself.
# Seen:  local-attention 1.11.2 with torch 2.13.0: how many words each of 12 words sees (equal scores, values that are the unit vectors).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet local-attention==1.11.2 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from local_attention import LocalAttention

nothing, each = torch.zeros(1, 12, 12), torch.eye(12)[None]
seen = {}
for exact in (False, True):
    attend = LocalAttention(window_size=4, causal=True, look_backward=1, exact_windowsize=exact, autopad=True).eval()
    seen[exact] = (attend(nothing, nothing, each)[0] > 0).sum(-1).tolist()
    print(f"exact_windowsize={exact}: {seen[exact]}")
assert seen[False] == [1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8]
assert seen[True] == [1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5]
PYTHON
