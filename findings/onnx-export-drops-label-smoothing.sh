#!/usr/bin/env bash
# Guess: a loss that is exported to ONNX together with its model is the loss: what the exporter cannot say it refuses.
# True:  torch.onnx.export (dynamo) writes cross_entropy(label_smoothing=.3) as SoftmaxCrossEntropyLoss, an op that knows no smoothing, and leaves the argument out without a
#        word; class weights and ignored labels are kept. The exported number is the loss without smoothing.
# Seen:  torch 2.14.1, onnxscript 0.7.2, onnxruntime 1.32.0, opsets 18 and 23.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0 onnxscript==0.7.2 onnx-ir==1.1.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
import torch

torch.manual_seed(0)
logits, labels = torch.randn(4, 5), torch.tensor([0, 1, 3, 4])


class Loss(torch.nn.Module):
    def __init__(self, **how) -> None:
        super().__init__()
        self.how = how

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits, labels, **self.how)


def exported(loss: Loss, opset: int) -> float:
    torch.onnx.export(loss, (logits, labels), dynamo=True, opset_version=opset, verbose=False).save("loss.onnx")
    session = onnxruntime.InferenceSession("loss.onnx")
    names = [each.name for each in session.get_inputs()]
    return float(session.run(None, dict(zip(names, (logits.numpy(), labels.numpy()), strict=True)))[0])


plain = float(Loss()(logits, labels))
for opset in (18, 23):
    for name, loss in (("weight", Loss(weight=torch.arange(1.0, 6.0))), ("label_smoothing", Loss(label_smoothing=0.3))):
        here, there = float(loss(logits, labels)), exported(loss, opset)
        print(f"opset {opset}  {name:16}torch {here:.4f}   exported {there:.4f}   without it {plain:.4f}")
        if name == "weight":
            assert np.isclose(here, there, atol=1e-5)
        else:
            assert abs(here - there) > 0.05 and np.isclose(there, plain, atol=1e-5)
PYTHON
