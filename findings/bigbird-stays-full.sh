#!/usr/bin/env bash
# Guess: BigBird reads a short text with full attention and a long one with its blocks; what a call gives depends on its own words alone.
# True:  the first text that is too short for the blocks turns the model to full attention for good: every long text after it is computed in full (other numbers, quadratic
#        memory), in the order in which texts happen to come. config.attention_type goes on saying "block_sparse"; only model.attention_type and one warning tell.
# Seen:  transformers 5.24.0 with torch 2.13.0: the same 128 words before and after a text of 20 differ; set_attention_type("block_sparse") brings the numbers back.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import BigBirdConfig, BigBirdModel

torch.manual_seed(0)
config = BigBirdConfig(
    vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=256,
    attention_type="block_sparse", block_size=4, num_random_blocks=1, sep_token_id=2,
)  # fmt: skip
model = BigBirdModel(config).eval()
long = torch.randint(5, 50, (1, 128))
with torch.no_grad():
    before = model(long).last_hidden_state
    again = model(long).last_hidden_state
    model(long[:, :20])
    kind = model.attention_type, model.config.attention_type
    after = model(long).last_hidden_state
    model.set_attention_type("block_sparse")
    restored = model(long).last_hidden_state
moved = (after - before).abs().max().item()
print(f"twice: {(again - before).abs().max().item():.1e}   after a short text: {moved:.1e}   now {kind[0]}, the config says {kind[1]}")
assert torch.equal(again, before) and torch.equal(restored, before)
assert moved > 1e-3 and kind == ("original_full", "block_sparse")
PYTHON
