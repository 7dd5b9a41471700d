#!/usr/bin/env bash
# Guess: hidden_act "gelu" in a config is the exact gelu, as in every other family, and Gemma's hidden_activation overrides it.
# True:  Gemma-1 computes the tanh form for "gelu" (its official configs say "gelu"); the exact one is only had as "gelu_python". Gemma-1 does not read hidden_activation;
#        Gemma-2 reads nothing else and goes by its default where only hidden_act is given.
# Seen:  transformers 5.24.0 with torch 2.13.0, float64: the activation applied to 1.0: tanh .8411920, exact .8413447.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from transformers import Gemma2Config, Gemma2Model, GemmaConfig, GemmaModel, LlamaConfig, LlamaModel

shape = dict(vocab_size=10, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1, head_dim=8)
one = torch.ones((), dtype=torch.float64)


def at_one(model) -> float:
    return round(model.layers[0].mlp.act_fn(one).item(), 5)


seen = {
    "llama, hidden_act gelu": at_one(LlamaModel(LlamaConfig(hidden_act="gelu", **shape))),
    "gemma, hidden_act gelu": at_one(GemmaModel(GemmaConfig(hidden_act="gelu", **shape))),
    "gemma, hidden_act gelu_python": at_one(GemmaModel(GemmaConfig(hidden_act="gelu_python", **shape))),
    "gemma, hidden_activation relu": at_one(GemmaModel(GemmaConfig(hidden_activation="relu", **shape))),
    "gemma2, hidden_activation relu": at_one(Gemma2Model(Gemma2Config(hidden_activation="relu", **shape))),
    "gemma2, hidden_act relu": at_one(Gemma2Model(Gemma2Config(hidden_act="relu", **shape))),
}
for name, value in seen.items():
    print(f"{name:32}{value}")
exact, tanh = 0.84134, 0.84119
assert seen == {
    "llama, hidden_act gelu": exact,
    "gemma, hidden_act gelu": tanh,
    "gemma, hidden_act gelu_python": exact,
    "gemma, hidden_activation relu": tanh,
    "gemma2, hidden_activation relu": 1.0,
    "gemma2, hidden_act relu": tanh,
}
PYTHON
