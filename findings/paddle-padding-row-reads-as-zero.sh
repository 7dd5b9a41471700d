#!/usr/bin/env bash
# Guess: paddle.nn.Embedding(padding_idx=…) is PyTorch's: the row starts at zero and gets no gradient; what a checkpoint holds there is looked up like any other row.
# True:  the lookup gives zeros for that id whatever the row holds. A table taken over from PyTorch whose pad row is not zero (learned before, or tied to an output head) gives
#        other numbers at pads, while the weight, read back, is the same to the bit, and an output head on the same weight still uses the row.
# Seen:  paddlepaddle 3.3.1 on CPU: a row set to ones is read back as ones, looked up as zeros; x @ weight.T uses the ones; without padding_idx the lookup gives the ones.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet paddlepaddle==3.3.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON' 2>/dev/null
import numpy as np
import paddle

paddle.set_device("cpu")
rows = np.ones((5, 3), np.float32)
ids = paddle.to_tensor(np.array([0, 1]))


def look_up(**options: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = paddle.nn.Embedding(5, 3, **options)
    table.weight.set_value(rows)
    return table.weight.numpy(), table(ids).numpy(), (paddle.ones([1, 3]) @ table.weight.T).numpy()


weight, found, head = look_up(padding_idx=0)
plain = look_up()[1]
print(f"the row {weight[0].tolist()}   looked up {found[0].tolist()}   by a head {head[0, 0]:.0f}   without padding_idx {plain[0].tolist()}")
assert (weight == 1).all() and (found[0] == 0).all() and (found[1] == 1).all()
assert head[0, 0] == 3 and (plain == 1).all()
PYTHON
