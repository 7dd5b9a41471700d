#!/usr/bin/env bash
# Guess: the losses of entmax, which take ignore_index=-100 as cross-entropy does, skip a label of -100.
# True:  they work out every row first and leave the ignored ones out after that: the id must be one of the vocabulary. -100, their own default, stops with an index error; a word's id,
#        such as that of the padding, is skipped. And the mean of what is left is over all rows that count.
# Seen:  entmax 1.3 with torch 2.13.0: label -100 raises "index -100 is out of bounds"; ignore_index=0 with label 0 gives the mean of the other three rows.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 entmax==1.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from entmax import Entmax15Loss

torch.manual_seed(0)
logits, labels = torch.randn(4, 6), torch.tensor([1, 2, -100, 3])
try:
    Entmax15Loss(ignore_index=-100)(logits, labels)
    raised = ""
except RuntimeError as error:
    raised = str(error)
print("label -100:", raised or "skipped")
labels[2] = 0
each = Entmax15Loss(ignore_index=0, reduction="none")(logits, labels)
mean = Entmax15Loss(ignore_index=0)(logits, labels)
print("label 0, ignored:", each.flatten().tolist(), "mean", mean.item())
assert "out of bounds" in raised
assert each.flatten()[2] == 0 and torch.allclose(mean, each.sum() / 3)
PYTHON
