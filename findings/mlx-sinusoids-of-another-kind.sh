#!/usr/bin/env bash
# Guess: SinusoidalPositionalEncoding is the paper's: sin and cos in turn, wave lengths 10000^(2i/d), rows of length sqrt(d/2).
# True:  mlx's puts all sines first and all cosines after, takes d/2 - 1 steps from 1 to 1/10000 (so the slowest wave is the paper's at no width), and multiplies
#        by sqrt(2/d): every row has length 1. Beside embeddings of the usual size the positions are fainter the wider the model is.
# Seen:  mlx 0.32.4 on the CPU; width 8, the position 3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "mlx[cpu]==0.32.4" numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import mlx.core as mx
import mlx.nn as nn
import numpy as np

mx.set_default_device(mx.cpu)
width, place = 8, 3.0
row = np.array(nn.SinusoidalPositionalEncoding(width)(mx.array([place])))[0]
angles = place / 10000 ** (2 * np.arange(width // 2) / width)
paper = np.stack([np.sin(angles), np.cos(angles)], -1).ravel()
slower = place * 10000 ** (-np.arange(width // 2) / (width // 2 - 1))
print("mlx  ", row.round(4), "length", np.linalg.norm(row).round(4))
print("paper", paper.round(4), "length", np.linalg.norm(paper).round(4))
assert np.allclose(row, np.sqrt(2 / width) * np.concatenate([np.sin(slower), np.cos(slower)]), atol=1e-5)
assert np.isclose(np.linalg.norm(row), 1) and np.isclose(np.linalg.norm(paper), 2)
PYTHON
