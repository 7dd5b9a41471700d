#!/usr/bin/env bash
# Guess: a model that openvino.save_model writes is the model that was handed to it: read again it gives the same numbers.
# True:  save_model rounds every float32 weight to float16 unless told not to (compress_to_fp16=False), and says nothing. What convert_model gave agreed with PyTorch to the
#        last bits; what is read back does not, and the weights that a comparison reads out of it are not those of the model.
# Seen:  openvino 2026.4.1 with torch 2.13.0: softmax of one linear layer, converted: off by 7e-9; saved and read: by 1e-5; every weight is a half; saved with False: 7e-9.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 openvino==2026.4.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import openvino
import torch

torch.manual_seed(0)
layer = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Softmax(-1)).eval()
x = torch.randn(4, 32)
wanted = layer(x).detach().numpy()
core = openvino.Core()


def off(model):
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return float(np.abs(compiled(x.numpy())[0] - wanted).max())


model = openvino.convert_model(layer, example_input=x)
openvino.save_model(model, "plain.xml")
openvino.save_model(model, "whole.xml", compress_to_fp16=False)
found = {"converted": off(model), "saved": off(core.read_model("plain.xml")), "saved whole": off(core.read_model("whole.xml"))}
for name, by in found.items():
    print(f"{name}: off from PyTorch by {by:.1e}")
kept = [op for op in core.read_model("plain.xml").get_ops() if op.get_type_name() == "Constant" and op.data.size == 32 * 32]
print("types of the weights in the file:", {str(op.data.dtype) for op in kept})
assert found["converted"] < 1e-7 and found["saved whole"] < 1e-7 and found["saved"] > 1e-6
assert {str(op.data.dtype) for op in kept} == {"float16"}
PYTHON
