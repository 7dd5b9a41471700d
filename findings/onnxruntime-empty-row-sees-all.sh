#!/usr/bin/env bash
# Guess: ONNX Runtime's own MultiHeadAttention, told by key_padding_mask that no word of a sentence may be seen, gives NaN, zeros, or the mean of the values, as other
#        libraries do; words that are masked never reach the result.
# True:  -10000 is added to the masked scores (attribute mask_filter_value). Where all are masked it is added to all and the softmax takes it off again: the sentence attends
#        to its masked words as if there were no mask. It shows only in the fourth digit: at 10000 a float32 has steps of 0.001, and the scores are rounded to them.
# Seen:  onnxruntime 1.32.0, onnx 1.23.2, CPU: the row is within 3e-4 of attention without a mask and not equal to it; with mask_filter_value -1e9 it is the mean of all values;
#        a sentence that keeps one word is right to 1e-6.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

rng = np.random.default_rng(0)
q, k = rng.standard_normal((2, 2, 3, 4)).astype(np.float32)
v = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
mask = np.array([[1, 1, 0], [0, 0, 0]], np.int32)


def theirs(**attributes: float) -> np.ndarray:
    node = helper.make_node("MultiHeadAttention", ["q", "k", "v", "", "mask"], ["y"], domain="com.microsoft", num_heads=1, **attributes)
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3, 4]) for name in "qkv"]
    info.append(helper.make_tensor_value_info("mask", TensorProto.INT32, [2, 3]))
    graph = helper.make_graph([node], "g", info, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"q": q, "k": k, "v": v, "mask": mask})[0]


def attend(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    scores = q.astype(float) @ k.T / 2
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


y = theirs()
kept = abs(y[0] - attend(q[0], k[0, :2], v[0, :2])).max()
empty = abs(y[1] - attend(q[1], k[1], v[1])).max()
mean = abs(y[1] - v[1].mean(0)).max()
large = abs(theirs(mask_filter_value=-1e9)[1] - v[1].mean(0)).max()
print(f"two words kept: {kept:.1e}   none kept, beside attention without a mask: {empty:.1e}, beside the mean: {mean:.2f}   with -1e9, beside the mean: {large:.1e}")
assert kept < 5e-6
assert 1e-5 < empty < 2e-3 and mean > 0.1
assert large < 1e-5
PYTHON
