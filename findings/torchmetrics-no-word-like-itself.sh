#!/usr/bin/env bash
# Guess: pairwise_cosine_similarity(x) has ones on its diagonal: a vector is as like itself as can be.
# True:  with one argument the diagonal is set to 0; pairwise_cosine_similarity(x, x) has the ones. pairwise_linear_similarity(x), which one might take for x x^T,
#        does the same. A softmax over such rows is not attention without projections.
# Seen:  torchmetrics 1.9.0 with torch 2.13.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torchmetrics.functional import pairwise_cosine_similarity, pairwise_linear_similarity

x = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
alone, both = pairwise_cosine_similarity(x), pairwise_cosine_similarity(x, x)
linear = pairwise_linear_similarity(x)
print("one argument:", alone.diagonal().tolist(), "twice the same:", both.diagonal().tolist())
print("linear, one argument:", linear.diagonal().tolist(), "x @ x.T:", (x @ x.T).diagonal().tolist())
assert alone.diagonal().tolist() == [0, 0, 0] and torch.allclose(both.diagonal(), torch.ones(3))
assert linear.diagonal().tolist() == [0, 0, 0] and torch.equal(linear + torch.diag((x @ x.T).diagonal()), x @ x.T)
PYTHON
