#!/usr/bin/env bash
# Guess: the dropout of a BPE tokenizer is for training; a tokenizer.json that is opened to read a text cuts it one way.
# True:  dropout is a field of the model, saved in the file, and there is no training mode: encode() draws anew at every call, so that the same text gives other ids, other
#        lengths and other logits each time. Setting model.dropout to None (a property of the opened tokenizer) turns it off.
# Seen:  tokenizers 0.23.3: "abc" comes back as three different cuts in 200 calls, and as one after dropout = None.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet tokenizers==0.23.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from tokenizers import Tokenizer
from tokenizers.models import BPE

vocab = {piece: k for k, piece in enumerate(["a", "b", "c", "ab", "abc"])}
trained = Tokenizer(BPE(vocab=vocab, merges=[("a", "b"), ("ab", "c")], dropout=0.5))
opened = Tokenizer.from_str(trained.to_str())
cuts = {tuple(opened.encode("abc").tokens) for _ in range(200)}
opened.model.dropout = None
once = {tuple(opened.encode("abc").tokens) for _ in range(200)}
print("as it is in the file:", sorted(cuts))
print("with dropout None:   ", sorted(once))
assert cuts == {("abc",), ("ab", "c"), ("a", "b", "c")} and once == {("abc",)}
PYTHON
