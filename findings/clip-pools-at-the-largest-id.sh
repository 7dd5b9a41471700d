#!/usr/bin/env bash
# Guess: CLIP's text model takes the vector of a sentence from where its eos_token_id stands.
# True:  where the config says eos_token_id 2, as the published ones of openai do, it takes the place of the *largest id* of the sentence. In their vocabulary the end has the largest id;
#        in a vocabulary of one's own, or with words added behind it, the vector is that of another word. With any other eos_token_id it looks for that id.
# Seen:  transformers 5.24.0 with torch 2.13.0: ids 0 5 50 7 2 with eos_token_id 2: the pooled vector is that of place 2 (id 50), not of place 4; eos_token_id 3, ids 0 5 50 7 3: of place 4.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import CLIPTextConfig, CLIPTextModel

torch.manual_seed(0)
places = {}
for end in (2, 3):
    config = CLIPTextConfig(
        vocab_size=60, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=12, bos_token_id=0, eos_token_id=end, pad_token_id=1,
    )
    model = CLIPTextModel(config).eval()
    with torch.no_grad():
        out = model(input_ids=torch.tensor([[0, 5, 50, 7, end]]))
    places[end] = [k for k in range(5) if torch.equal(out.pooler_output[0], out.last_hidden_state[0, k])]
    print(f"eos_token_id {end} at place 4: the pooled vector is that of place {places[end]}")
assert places == {2: [2], 3: [4]}
PYTHON
