#!/usr/bin/env bash
# Guess: one NaN among the logits is seen when the next word is chosen: argmax gives its place, as numpy, torch and jax do and as onnx's reference does.
# True:  ONNX Runtime's ArgMax and ReduceMax compare and go on: unless the NaN stands first they pass it over and give the largest of the rest, a plausible word. Its TopK with k = 1, on
#        the same logits, gives the NaN's place. A greedy loop over a model that breaks goes on talking in the one graph and stops at once in the other.
# Seen:  onnxruntime 1.32.0, onnx 1.23.2 on the CPU: 50 logits, the largest at 7, NaN at 20 or 49: ArgMax 7, TopK, onnx's reference and numpy the NaN's place; NaN at 0: 0 everywhere.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

nodes = [helper.make_node("ArgMax", ["x"], ["a"], keepdims=0), helper.make_node("TopK", ["x", "k"], ["v", "t"]), helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0)]
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [50]), helper.make_tensor_value_info("k", TensorProto.INT64, [1])]
outputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in (("a", TensorProto.INT64), ("t", TensorProto.INT64), ("m", TensorProto.FLOAT))]
model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs), opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
reference = ReferenceEvaluator(model)

for at in (20, 49, 0):
    logits = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    logits[7] = 9
    logits[at] = np.nan
    feed = {"x": logits, "k": np.array([1])}
    argmax, topk, largest = (float(np.ravel(out)[0]) for out in session.run(["a", "t", "m"], feed))
    theirs = [float(np.ravel(out)[0]) for out in reference.run(["a", "t", "m"], feed)]
    print(f"NaN at {at:2}: onnxruntime ArgMax {argmax:.0f}, TopK {topk:.0f}, ReduceMax {largest}   reference {theirs}   numpy {np.argmax(logits)}, {np.max(logits)}")
    assert topk == theirs[0] == theirs[1] == np.argmax(logits) == at
    assert np.isnan(theirs[2])
    assert argmax == (7 if at else 0) and (largest == 9 if at else np.isnan(largest))
PYTHON
