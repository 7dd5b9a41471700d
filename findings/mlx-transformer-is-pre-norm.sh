#!/usr/bin/env bash
# Guess: mlx.nn.Transformer, with the arguments of torch.nn.Transformer, is the same network: weights carry over, zeros for what one side lacks.
# True:  mlx normalises before each sublayer (norm_first=True) where PyTorch does after; its attention has no biases at all, PyTorch four; both end in a norm. So ones and zeros
#        for norms and biases agree with PyTorch only under norm_first=True there.
# Seen:  mlx 0.32.4, torch 2.13.0: with the same weights the encoders differ by more than .5 as they are, and by less than 1e-5 with PyTorch told norm_first=True.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "mlx[cpu]==0.32.4" torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import mlx.core as mx
import mlx.nn
import numpy as np
import torch

rng = np.random.default_rng(0)
ours = mlx.nn.Transformer(dims=8, num_heads=2, num_encoder_layers=2, num_decoder_layers=1, mlp_dims=16, dropout=0.0)
names = [name for name, _ in ours.encoder.layers[0].attention.items()]
print("mlx: norm_first", ours.encoder.layers[0].norm_first, "  bias of the query projection", "bias" in ours.encoder.layers[0].attention.query_proj)
off = {}
x = rng.normal(size=(1, 3, 8)).astype(np.float32)
for first in (False, True):
    theirs = torch.nn.Transformer(8, 2, 2, 1, 16, dropout=0.0, batch_first=True, norm_first=first).eval()
    for mine, layer in zip(ours.encoder.layers, theirs.encoder.layers, strict=True):
        parts = [rng.normal(size=(8, 8)).astype(np.float32) for _ in range(4)]
        up, down = rng.normal(size=(16, 8)).astype(np.float32), rng.normal(size=(8, 16)).astype(np.float32)
        for part, value in zip(("query_proj", "key_proj", "value_proj", "out_proj"), parts, strict=True):
            mine.attention[part].weight = mx.array(value)
        mine.linear1.weight, mine.linear1.bias = mx.array(up), mx.zeros(16)
        mine.linear2.weight, mine.linear2.bias = mx.array(down), mx.zeros(8)
        with torch.no_grad():
            layer.self_attn.in_proj_weight.copy_(torch.from_numpy(np.concatenate(parts[:3])))
            layer.self_attn.out_proj.weight.copy_(torch.from_numpy(parts[3]))
            layer.linear1.weight.copy_(torch.from_numpy(up))
            layer.linear2.weight.copy_(torch.from_numpy(down))
            for bias in (layer.self_attn.in_proj_bias, layer.self_attn.out_proj.bias, layer.linear1.bias, layer.linear2.bias):
                bias.zero_()
    with torch.no_grad():
        theirs.encoder.enable_nested_tensor = False
        off[first] = float(np.abs(np.array(ours.encoder(mx.array(x), None)) - theirs.encoder(torch.from_numpy(x)).numpy()).max())
    print(f"torch norm_first={first}: largest difference {off[first]:.1e}")
assert off[False] > 0.5 and off[True] < 1e-5
PYTHON
