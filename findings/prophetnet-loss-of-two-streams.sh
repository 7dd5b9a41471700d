#!/usr/bin/env bash
# Guess: the loss that ProphetNet returns is the cross-entropy of the logits that it returns, as in every other model of transformers.
# True:  it is the mean over all its streams: the one that says the next word, which is returned as `logits`, and those that say the words after that, `logits_ngram`, held to the
#        very same labels without a shift (the second stream is made to look further ahead inside the decoder). A loss worked out from `logits` and `labels` is another.
# Seen:  transformers 5.24.0 with torch 2.13.0, a random ProphetNet with ngram 2: loss 3.6779; cross-entropy of logits 3.6651, of logits_ngram 3.6906; their mean is the loss.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn.functional import cross_entropy
from transformers import ProphetNetConfig, ProphetNetForConditionalGeneration

torch.manual_seed(0)
config = ProphetNetConfig(
    vocab_size=40, hidden_size=16, encoder_ffn_dim=32, decoder_ffn_dim=32, num_encoder_layers=1, num_decoder_layers=1,
    num_encoder_attention_heads=2, num_decoder_attention_heads=2, ngram=2, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0,
)
model = ProphetNetForConditionalGeneration(config).eval()
torch.nn.init.normal_(model.prophetnet.decoder.ngram_embeddings.weight)
words, labels = torch.randint(5, 40, (2, 6)), torch.randint(5, 40, (2, 7))
with torch.no_grad():
    out = model(input_ids=words, labels=labels)
first = cross_entropy(out.logits.flatten(0, 1), labels.flatten())
second = cross_entropy(out.logits_ngram.reshape(-1, 40), labels.flatten())
print(f"loss {out.loss:.4f}; cross-entropy of logits {first:.4f}, of logits_ngram {second:.4f}")
assert abs(out.loss - first) > 5e-3
assert abs(out.loss - (first + second) / 2) < 1e-5
PYTHON
