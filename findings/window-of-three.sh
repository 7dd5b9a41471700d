#!/usr/bin/env bash
# Guess: "a window of 3" lets a word see 3 words, itself among them, whoever says it.
# True:  transformers' sliding_window=3 keeps 3 keys. jax.nn.dot_product_attention(local_window_size=3) keeps 3 keys to the left and the word itself: 4. ModernBERT's
#        local_attention=4 is the width of both sides together: 2 to the left, 2 to the right, 5 keys.
# Seen:  transformers 5.24.0 with torch 2.13.0; jax 0.10.2; the last row of a causal map of 6 words, a middle row of ModernBERT's local layer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu HF_HUB_OFFLINE=1 "$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax
import jax.numpy as jnp
import torch
from transformers import MistralConfig, MistralForCausalLM, ModernBertConfig, ModernBertModel

small = dict(vocab_size=10, hidden_size=8, intermediate_size=8, num_attention_heads=1, attn_implementation="eager")
mistral = MistralForCausalLM(MistralConfig(num_hidden_layers=1, num_key_value_heads=1, sliding_window=3, **small)).eval()
by_mistral = int((mistral(torch.arange(6)[None], output_attentions=True).attentions[0][0, 0, 5] > 0).sum())
config = ModernBertConfig(num_hidden_layers=2, local_attention=4, global_attn_every_n_layers=2, pad_token_id=0, **small)
maps = ModernBertModel(config).eval()(torch.arange(1, 9)[None], output_attentions=True).attentions
by_modernbert = int((maps[1][0, 0, 4] > 0).sum())
zeros = jnp.zeros((1, 6, 1, 4))
places = jnp.arange(6.0)[None, :, None, None] * jnp.ones((1, 6, 1, 4))
mean = float(jax.nn.dot_product_attention(zeros, zeros, places, is_causal=True, local_window_size=3)[0, 5, 0, 0])
by_jax = {4.0: 3, 3.5: 4}[mean]  # the mean place of the keys seen: 3, 4, 5 or 2, 3, 4, 5
print(f"keys seen: mistral sliding_window=3: {by_mistral}; jax local_window_size=3: {by_jax}; modernbert local_attention=4: {by_modernbert}")
assert (by_mistral, by_jax, by_modernbert) == (3, 4, 5)
PYTHON
