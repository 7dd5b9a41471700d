#!/usr/bin/env bash
# Guess: a .safetensors file keeps the order of the dictionary that it was saved from, and `keys()` gives that order back.
# True:  the file is sorted by the width of the type, widest first, then by name; `safe_open(...).keys()` is sorted by name alone, which is
#        a third order. A recording of a run that relies on the order of its arrays must number them, or say the order in the metadata.
# Seen:  safetensors 0.8.0, numpy 2.4.6 (a is float16, ids int64, the others float32):
#            saved   scores weights a ids out
#            file    ids out scores weights a
#            keys()  a ids out scores weights
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet safetensors==0.8.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import struct

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

run = {
    "scores": np.zeros(1, np.float32),
    "weights": np.zeros(1, np.float32),
    "a": np.zeros(1, np.float16),
    "ids": np.zeros(1, np.int64),
    "out": np.zeros(1, np.float32),
}
save_file(run, "run.safetensors")
raw = open("run.safetensors", "rb").read()
(length,) = struct.unpack("<Q", raw[:8])
header = list(json.loads(raw[8 : 8 + length]))
with safe_open("run.safetensors", "np") as file:
    keys = list(file.keys())
print("saved  ", *run)
print("file   ", *header)
print("keys() ", *keys)
assert header == ["ids", "out", "scores", "weights", "a"], header
assert keys == ["a", "ids", "out", "scores", "weights"], keys
PYTHON
