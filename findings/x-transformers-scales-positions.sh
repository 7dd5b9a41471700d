#!/usr/bin/env bash
# Guess: TransformerWrapper's absolute positions are a table that is added to the word embeddings, as in GPT-2 and BERT: copy the table over and the sums are equal.
# True:  the row is multiplied by dim ** -.5 when it is looked up (unless l2norm_embed=True, which changes more than that). With a width of 768 a copied table counts for a 28th; it has
#        to be multiplied by sqrt(dim) when it is carried over. The words' rows are not scaled.
# Seen:  x-transformers 2.31.10 with torch 2.13.0: width 16: what is added is a quarter of the table's row.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet x-transformers==2.31.10 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from x_transformers import Decoder, TransformerWrapper

torch.manual_seed(0)
model = TransformerWrapper(num_tokens=10, max_seq_len=8, attn_layers=Decoder(dim=16, depth=1, heads=2)).eval()
seen = {}
model.attn_layers.register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0].detach()))
ids = torch.tensor([[3, 7, 1]])
with torch.no_grad():
    model(ids)
added = seen["x"][0] - model.token_emb.emb.weight[ids[0]].detach()
table = model.pos_emb.emb.weight[:3].detach()
share = (added / table).mean().item()
print(f"what is added to the words' rows over the table of positions: {share:.4f}   16 ** -.5 = {16**-0.5}")
assert torch.allclose(added, table * 16**-0.5, atol=1e-6)
PYTHON
