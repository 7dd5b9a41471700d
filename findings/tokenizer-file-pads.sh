#!/usr/bin/env bash
# Guess: Tokenizer.from_file("tokenizer.json") gives the ids of a text: as many as it has pieces.
# True:  padding and truncation are part of the file. Whoever saved it after calling enable_padding(length=8) and enable_truncation(3) (files of
#        sentence-embedding models come so) hands on a tokenizer that cuts every text at 3 pieces and fills it up to 8, without a word. transformers sets both anew at each
#        call and hides it; the bare library does not: call no_padding() and no_truncation() after loading.
# Seen:  tokenizers 0.23.3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet tokenizers==0.23.3
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from tokenizers import Tokenizer, models, pre_tokenizers

made = Tokenizer(models.WordLevel({"[PAD]": 0, "a": 1, "b": 2, "[UNK]": 3}, unk_token="[UNK]"))
made.pre_tokenizer = pre_tokenizers.Whitespace()
made.enable_padding(length=8, pad_id=0, pad_token="[PAD]")
made.enable_truncation(3)
made.save("tokenizer.json")
read = Tokenizer.from_file("tokenizer.json")
as_saved = read.encode("a b a b a").ids
read.no_padding()
read.no_truncation()
bare = read.encode("a b a b a").ids
print("as saved", as_saved)
print("bare    ", bare)
assert as_saved == [1, 2, 1, 0, 0, 0, 0, 0]
assert bare == [1, 2, 1, 2, 1]
PYTHON
