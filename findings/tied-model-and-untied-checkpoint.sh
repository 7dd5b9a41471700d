#!/usr/bin/env bash
# Guess: a checkpoint whose output head differs from its embedding is refused by a model that ties the two, by load_state_dict(strict=True) above all; or the embedding counts.
# True:  in torch both names match, both are copied into the one tensor, and the one whose module comes last wins, usually the head: the words are then embedded by it. "All keys
#        matched". transformers, handed the same with tie_word_embeddings=True in the config, does the opposite: it unties the two, against the config, with a line in the log.
# Seen:  torch 2.13.0; transformers 5.24.0: GPT-2 and Llama keep both weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import transformers as tf
from torch import nn


class Words(nn.Module):
    def __init__(self, tied: bool, head_first: bool = False) -> None:
        super().__init__()
        if head_first:
            self.head = nn.Linear(3, 5, bias=False)
        self.embedding = nn.Embedding(5, 3)
        if not head_first:
            self.head = nn.Linear(3, 5, bias=False)
        if tied:
            self.head.weight = self.embedding.weight


torch.manual_seed(0)
untied = Words(tied=False)
for head_first in (False, True):
    tied = Words(tied=True, head_first=head_first)
    said = tied.load_state_dict(untied.state_dict(), strict=True)
    own, head = (bool((tied.embedding.weight == other).all()) for other in (untied.embedding.weight, untied.head.weight))
    print(f"torch, head made {'first' if head_first else 'last'}: {said}; the one weight is the embedding's {own}, the head's {head}")
    assert not said.missing_keys and not said.unexpected_keys
    assert (own, head) == (head_first, not head_first)

small = {"vocab_size": 20, "tie_word_embeddings": False, "bos_token_id": None, "eos_token_id": None}
for make, config in (
    (tf.GPT2LMHeadModel, tf.GPT2Config(n_embd=16, n_layer=1, n_head=2, **small)),
    (tf.LlamaForCausalLM, tf.LlamaConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, **small)),
):
    saved = make(config)
    saved.save_pretrained("saved")
    config.tie_word_embeddings = True
    read = make.from_pretrained("saved", config=config)
    pairs = [(read.get_input_embeddings(), saved.get_input_embeddings()), (read.get_output_embeddings(), saved.get_output_embeddings())]
    kept = [bool((a.weight == b.weight).all()) for a, b in pairs]
    print(f"transformers, {make.__name__}: embedding and head kept: {kept}")
    assert kept == [True, True]
PYTHON
