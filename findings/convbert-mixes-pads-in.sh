#!/usr/bin/env bash
# Guess: with its attention_mask a padded sentence gives each word the vector that the sentence alone gives; ConvBERT takes the mask like BERT, so it does, too.
# True:  half of its heads are convolutions over the neighbouring words, and the mask is not applied there: the words beside the padding see the <pad> vectors (a trained row, not
#        zeros), at every layer one kernel farther. Batched and single results differ, and so does every word near the end of the shorter sentences.
# Seen:  transformers 5.24.0 with torch 2.13.0: BERT of the same size moves by less than 1e-5, ConvBERT by more than .1, its first word (farther off than the kernels reach) not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import BertConfig, BertModel, ConvBertConfig, ConvBertModel

shape = dict(vocab_size=60, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=48, max_position_embeddings=64)
words = torch.randint(5, 60, (1, 12), generator=torch.Generator().manual_seed(0))
padded = torch.cat([words, torch.zeros(1, 4, dtype=torch.long)], 1)
mask = (padded != 0).long()
moved = {}
for name, model in (
    ("bert", BertModel(BertConfig(**shape))),
    ("convbert", ConvBertModel(ConvBertConfig(embedding_size=32, conv_kernel_size=5, **shape))),
):
    torch.manual_seed(1)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)
    model.eval()
    with torch.no_grad():
        alone = model(words, attention_mask=torch.ones_like(words)).last_hidden_state
        batched = model(padded, attention_mask=mask).last_hidden_state[:, :12]
    moved[name] = (alone - batched).abs().amax(-1)[0]
    print(f"{name:10}moved by word:", " ".join(f"{value:.0e}" for value in moved[name].tolist()))
assert moved["bert"].max() < 1e-5
assert moved["convbert"][-2:].max() > 0.1 and moved["convbert"][0] < 1e-5
PYTHON
