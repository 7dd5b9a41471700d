#!/usr/bin/env bash
# Guess: a summary's "Total params" is the number of parameters that the model has.
# True:  torchinfo counts a tied weight once for each module that holds it: a language model whose head is its embedding is told too large by the
#        whole vocabulary. model.parameters() gives the tie once.
# Seen:  torchinfo 1.8.0 with torch 2.13.0; 100 words x 8, tied.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 torchinfo==1.8.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import torchinfo


class Tied(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(100, 8)
        self.head = torch.nn.Linear(8, 100, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        return self.head(self.embedding(ids))


model = Tied()
told = torchinfo.summary(model, input_data=torch.zeros(1, 3, dtype=torch.long), verbose=0).total_params
true = sum(each.numel() for each in model.parameters())
print(f"torchinfo: {told}; model.parameters(): {true}")
assert (told, true) == (1600, 800)
PYTHON
