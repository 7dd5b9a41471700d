#!/usr/bin/env bash
# Guess: nn.MultiheadAttention with a key_padding_mask, exported without a warning in opset 23, runs in a runtime that knows opset 23.
# True:  the exporter hands the Attention node a mask of one row for all queries; onnxruntime asks for one row a query and fails when run ("inconsistent q_sequence_length").
#        In opset 18, where the attention is written out, the same module runs and agrees.
# Seen:  torch 2.14.1, onnxscript 0.7.2, onnx 1.23.2 (its checker passes the file), onnxruntime 1.32.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0 onnxscript==0.7.2 onnx-ir==1.1.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import torch

torch.manual_seed(0)
attention = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
x, padding = torch.randn(2, 3, 8), torch.tensor([[False, False, True], [False, False, False]])


class Layer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x, padding):
        return self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]


outcome = {}
onnxruntime.set_default_logger_severity(4)
for opset in (18, 23):
    torch.onnx.export(Layer(), (x, padding), dynamo=True, opset_version=opset, verbose=False).save("layer.onnx")
    onnx.checker.check_model(onnx.load("layer.onnx"), full_check=True)
    session = onnxruntime.InferenceSession("layer.onnx")
    names = [each.name for each in session.get_inputs()]
    try:
        out = session.run(None, dict(zip(names, (x.numpy(), padding.numpy()), strict=True)))[0]
        outcome[opset] = "agrees" if np.allclose(out, Layer()(x, padding).detach(), atol=1e-5) else "differs"
    except Exception as error:
        outcome[opset] = "refused" if "q_sequence_length" in str(error) else str(error)
    print(f"opset {opset}: {outcome[opset]}")
assert outcome == {18: "agrees", 23: "refused"}
PYTHON
