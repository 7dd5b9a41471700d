#!/usr/bin/env bash
# Guess: token_dropout in an ESM config is a dropout: in eval() it does nothing, and a sentence without <mask> is read as its word embeddings are.
# True:  it acts in eval() all the same: every embedding is multiplied by .88 / (1 - share of masked words), .88 = 1 - .15 * .8 being what training left over; the published
#        ESM-2 configs have it on. A port that copies the embedding table is off by 12 % at its first step, and one <mask> rescales every other word.
# Seen:  transformers 5.24.0 with torch 2.13.0: embedding of a word over its row of the table: .88 with no <mask>, .88 / .8 = 1.1 with one in five.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import EsmConfig, EsmModel

torch.manual_seed(0)
ids = torch.tensor([[0, 5, 6, 7, 2]])
masked = torch.tensor([[0, 5, 32, 7, 2]])
for on in (False, True):
    config = EsmConfig(
        vocab_size=33, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, pad_token_id=1, mask_token_id=32,
        token_dropout=on, position_embedding_type="rotary",
    )  # fmt: skip
    model = EsmModel(config).eval()
    table = model.embeddings.word_embeddings.weight[5]
    ratios = [(model.embeddings(words, attention_mask=torch.ones_like(words))[0, 1] / table) for words in (ids, masked)]
    print(f"token_dropout {on}: word over its row {ratios[0].mean():.4f}, beside one <mask> {ratios[1].mean():.4f}")
    expected = (0.88, 0.88 / 0.8) if on else (1.0, 1.0)
    assert all(torch.allclose(ratio, torch.full_like(ratio, value)) for ratio, value in zip(ratios, expected, strict=True))
PYTHON
