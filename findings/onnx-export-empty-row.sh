#!/usr/bin/env bash
# Guess: a query that may look at nothing gives what scaled_dot_product_attention gives (zeros), whichever opset it is exported in.
# True:  in opset 23 (one Attention node) it gives zeros. In opset 18 the softmax is written out: with a boolean mask the row becomes the average of all values, the banned ones,
#        and with a float mask of -inf it is NaN. Left-padded batches and packed sentences have such rows.
# Seen:  torch 2.14.1, onnxscript 0.7.2, onnxruntime 1.32.0.
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
q, k, v = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 3, 4), torch.randn(1, 1, 3, 4)
allowed = torch.tensor([[False, False, False], [True, True, False]])
added = torch.zeros(2, 3).masked_fill(~allowed, -torch.inf)


class Attend(torch.nn.Module):
    def forward(self, q, k, v, mask):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


rows = {}
for name, mask in (("bool", allowed), ("float", added)):
    rows[name, "torch"] = Attend()(q, k, v, mask)[0, 0, 0].numpy()
    for opset in (18, 23):
        torch.onnx.export(Attend(), (q, k, v, mask), dynamo=True, opset_version=opset, verbose=False).save("attend.onnx")
        session = onnxruntime.InferenceSession("attend.onnx")
        names = [each.name for each in session.get_inputs()]
        feed = dict(zip(names, (x.numpy() for x in (q, k, v, mask)), strict=True))
        out = session.run(None, feed)[0][0, 0]
        assert np.allclose(out[1], Attend()(q, k, v, mask)[0, 0, 1], atol=1e-5)  # the other row is right in both
        rows[name, opset] = out[0]
average = v[0, 0].mean(0).numpy()
for (name, who), row in rows.items():
    print(f"{name:6}{who!s:8}{np.round(row, 3)}")
print("average of all values", np.round(average, 3))
for name in ("bool", "float"):
    assert not rows[name, "torch"].any() and not rows[name, 23].any()
assert np.allclose(rows["bool", 18], average, atol=1e-5) and np.isnan(rows["float", 18]).all()
PYTHON
