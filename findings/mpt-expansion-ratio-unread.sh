#!/usr/bin/env bash
# Guess: expansion_ratio of an MptConfig is the width of the feed-forward network over d_model, as its documentation says.
# True:  nobody reads it: the network is 4 * hidden_size wide whatever it says. A config of another ratio builds the same model, and a checkpoint of that ratio fails on its shapes
#        (or is drawn at random where mismatched sizes are let pass).
# Seen:  transformers 5.24.0 with torch 2.13.0: ratios 1, 2 and 8 give a matrix of (128, 32) each.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
from transformers import MptConfig, MptModel

found = {}
for ratio in (1, 2, 8):
    config = MptConfig(d_model=32, n_heads=2, n_layers=1, vocab_size=50, expansion_ratio=ratio)
    found[ratio] = tuple(MptModel(config).blocks[0].ffn.up_proj.weight.shape)
    assert config.expansion_ratio == ratio
print(f"expansion_ratio and the shape of up_proj: {found}")
assert set(found.values()) == {(128, 32)}
PYTHON
