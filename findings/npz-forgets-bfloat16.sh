#!/usr/bin/env bash
# Guess: an array of ml_dtypes.bfloat16 (which is what JAX hands out) survives numpy.savez and numpy.load, or one of them refuses it.
# True:  it is written as raw bytes and comes back as void of two bytes, |V2, without a word at either end; float8 as |V1. Every test of the shape passes, arithmetic fails later
#        and elsewhere, and bfloat16 is no longer told apart from any other type of two bytes. view(ml_dtypes.bfloat16) brings the numbers back, if one knows which type it was.
# Seen:  numpy 2.4.6 with ml_dtypes 0.6.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet numpy==2.4.6 ml_dtypes==0.6.0
cd "$work"
"$work/venv/bin/python" -W error - <<'PYTHON'
import ml_dtypes
import numpy as np

weights = np.linspace(-1, 1, 6).astype(ml_dtypes.bfloat16).reshape(2, 3)
np.savez("weights.npz", w=weights, e=weights.astype(ml_dtypes.float8_e4m3fn), h=weights.astype(np.float16))
with np.load("weights.npz") as found:
    w, e, h = found["w"], found["e"], found["h"]
print(f"bfloat16 comes back as {w.dtype.str}, float8 as {e.dtype.str}, float16 as {h.dtype.str}; shapes {w.shape} {e.shape}")
assert (w.dtype.str, e.dtype.str, h.dtype.str) == ("|V2", "|V1", "<f2")
assert (w.view(ml_dtypes.bfloat16) == weights).all()
PYTHON
