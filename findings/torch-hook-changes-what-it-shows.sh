#!/usr/bin/env bash
# Guess: a forward hook on a part of nn.TransformerEncoderLayer shows what the layer computes, and leaves it as it is.
# True:  a layer with any hook inside takes its slow path. Without one, in eval under no_grad, it takes the fast path, which hides every key whose float mask is not 0, where the
#        slow path adds the number (a distance penalty, say). Merely looking changes the output, and what one looks at is not what one had.
# Seen:  torch 2.13.0 on the CPU: with src_mask = -|i - j| / 2 an idle hook on norm2 moves the output by more than .1; taking it off brings the old numbers back.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval()
x = torch.randn(1, 6, 16)
place = torch.arange(6.0)
penalty = -(place[:, None] - place).abs() / 2
with torch.no_grad():
    plain = layer(x, src_mask=penalty)
    hook = layer.norm2.register_forward_hook(lambda *seen: None)
    watched = layer(x, src_mask=penalty)
    hook.remove()
    again = layer(x, src_mask=penalty)
print(f"an idle hook moves the output by {(watched - plain).abs().max():.3f}; without it again by {(again - plain).abs().max():.1e}")
assert (watched - plain).abs().max() > 0.1 and torch.equal(again, plain)
PYTHON
