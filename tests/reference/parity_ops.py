"""Single operations: input, output, and the gradients for a given gradient of the output, by torch.nn.functional."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from parity_pack import Case
from parity_shapes import draw
from torch import Tensor

WIDE = [[-30.0, -8.0, -3.0, -1.0, -0.3], [0.0, 1e-3, 0.7, 4.0, 30.0]]
ELEMENTWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": lambda x: F.gelu(x, approximate="none"),
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def batch_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    """A feature over all positions of the batch, in training mode."""
    return F.batch_norm(x.flatten(0, 1), None, None, gamma, beta, training=True, eps=eps).reshape(x.shape)


def operation(name: str, op: str, f: Callable[..., Tensor], inputs: dict[str, Any], **told: Any) -> Case:
    """One op: ``inputs`` by argument name; ``g`` is ∂loss/∂y; ``told`` are its further arguments."""
    tensors = {key: torch.tensor(value, dtype=torch.float64) for key, value in inputs.items()}
    for key, x in tensors.items():
        x.requires_grad_(key != "target")
    y = f(*tensors.values(), **told)
    g = draw(f"g {name}", tuple(y.shape))
    y.backward(torch.tensor(g, dtype=torch.float64))
    numbers = {"y": y.detach().numpy()}
    for key, x in tensors.items():
        if x.grad is not None:
            numbers[f"{key}.grad"] = x.grad.numpy()
    return Case(name, {"op": op, "inputs": inputs, "g": g, **told}, numbers, [], dict.fromkeys(numbers, "modules"))


def operations() -> list[Case]:
    """Elementwise functions far out too, softmax with large and infinite scores, the norms, the losses."""
    made = [operation(name, name, f, {"x": WIDE}) for name, f in ELEMENTWISE.items()]
    made.append(operation("relu", "relu", F.relu, {"x": [[-3.0, -0.2, 0.4], [2.0, -1e-9, 1e-9]]}))
    softmax = lambda x: F.softmax(x, -1)  # noqa: E731  # as the others stand in a table
    made.append(operation("softmax", "softmax", softmax, {"x": draw("softmax", (2, 3, 4))}))
    made.append(operation("softmax-large", "softmax", softmax, {"x": [[1000.0, 999.0, -1000.0], [-1e9, 0.5, 0.1]]}))
    made.append(
        operation("softmax-inf", "softmax", softmax, {"x": [[float("-inf"), 0.5, 0.1], [1.0, float("-inf"), -2.0]]})
    )
    x, gamma, beta = draw("norm x", (2, 3, 4)), draw("norm", (4,), "gamma"), draw("norm beta", (4,))
    layer = lambda x, gamma, beta, eps: F.layer_norm(x, (4,), gamma, beta, eps)  # noqa: E731  # the same
    rms = lambda x, gamma, eps: F.rms_norm(x, (4,), gamma, eps)  # noqa: E731  # the same
    for eps in (1e-5, 0.1):
        made.append(
            operation(f"layer-norm-eps-{eps}", "layer_norm", layer, {"x": x, "gamma": gamma, "beta": beta}, eps=eps)
        )
        made.append(operation(f"rms-norm-eps-{eps}", "rms_norm", rms, {"x": x, "gamma": gamma}, eps=eps))
        norm = {"x": x, "gamma": gamma, "beta": beta}
        made.append(operation(f"batch-norm-eps-{eps}", "batch_norm", batch_norm, norm, eps=eps))
    flat = {"x": [[[2.0, 2.0, 2.0, 2.0], [1e4, 1e4 + 1, 1e4 - 1, 1e4]]], "gamma": gamma, "beta": beta}
    made.append(operation("layer-norm-flat-row", "layer_norm", layer, flat, eps=1e-5))
    entropy = lambda x, labels, pad: F.cross_entropy(x.flatten(0, 1), torch.tensor(labels).flatten(), ignore_index=pad)  # noqa: E731  # the same
    logits, labels = draw("logits", (2, 3, 5)), [[1, 4, 1], [3, 0, 0]]
    made.append(operation("cross-entropy", "cross_entropy", entropy, {"x": logits}, labels=labels, pad=-1))
    made.append(operation("cross-entropy-pads", "cross_entropy", entropy, {"x": logits}, labels=labels, pad=0))
    large = {"x": [[[1000.0, -1000.0, 3.0], [-800.0, 0.0, 800.0]]]}
    made.append(operation("cross-entropy-large", "cross_entropy", entropy, large, labels=[[1, 2]], pad=-1))
    a, b = draw("mse a", (2, 3)), draw("mse b", (2, 3))
    made.append(operation("mse", "mse", F.mse_loss, {"x": a, "target": b}))
    made.append(
        operation("half-mse", "half_mse", lambda x, t: F.mse_loss(x, t, reduction="sum") / 2, {"x": a, "target": b})
    )
    return made
