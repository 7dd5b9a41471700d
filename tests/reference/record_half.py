"""Record what PyTorch's CPU kernels give in half precision: ``python tests/reference/record_half.py``.

Writes ``half.npz`` beside this file: for each op and type its inputs, its result and the gradients of its inputs, all as
float32 (which holds every number of both types).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

OPS: dict[str, tuple[Callable[..., Tensor], dict[str, tuple[int, ...]]]] = {
    "linear": (lambda x, W, b: F.linear(x, W.T, b), {"x": (2, 5, 48), "W": (48, 32), "b": (32,)}),
    "matmul": (lambda a, b: a @ b, {"a": (2, 3, 5, 64), "b": (2, 3, 64, 5)}),
    "softmax": (lambda x: torch.softmax(x, -1), {"x": (2, 3, 5, 40)}),
    "layer_norm": (lambda x, gamma, beta: F.layer_norm(x, gamma.shape, gamma, beta, 1e-5),
                   {"x": (2, 5, 48), "gamma": (48,), "beta": (48,)}),
    "rms_norm": (lambda x, gamma: F.rms_norm(x, gamma.shape, gamma, 1e-5), {"x": (2, 5, 48), "gamma": (48,)}),
    "gelu": (F.gelu, {"x": (4, 64)}),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), {"x": (4, 64)}),
    "silu": (F.silu, {"x": (4, 64)}),
    "sigmoid": (torch.sigmoid, {"x": (4, 64)}),
    "relu": (F.relu, {"x": (4, 64)}),
    "add": (lambda a, b: a + b, {"a": (2, 5, 48), "b": (2, 5, 48)}),
    "mul": (lambda a, b: a * b, {"a": (2, 5, 48), "b": (2, 5, 48)}),
    "mean": (lambda x: x.mean(-1, keepdim=True), {"x": (3, 1000)}),
    "sum": (lambda x: x.sum(-1, keepdim=True), {"x": (3, 1000)}),
}  # fmt: skip


def main() -> None:
    """Every op in both types."""
    torch.manual_seed(0)
    found: dict[str, np.ndarray] = {}
    for kind in (torch.float16, torch.bfloat16):
        for name, (f, shapes) in OPS.items():
            key = f"{str(kind).removeprefix('torch.')}.{name}"
            inputs = {k: torch.randn(shape).to(kind).requires_grad_() for k, shape in shapes.items()}
            y = f(*inputs.values())
            g = torch.randn(y.shape).to(kind)
            y.backward(g)
            found |= {f"{key}.y": y.detach().float().numpy(), f"{key}.g": g.float().numpy()}
            for k, x in inputs.items():
                assert x.grad is not None
                found |= {f"{key}.{k}": x.detach().float().numpy(), f"{key}.{k}.grad": x.grad.float().numpy()}
        ones = torch.ones(1000, dtype=kind)
        found[f"{str(kind).removeprefix('torch.')}.ones"] = ones.sum().float().numpy()
        found[f"{str(kind).removeprefix('torch.')}.stalled"] = stalled(kind)
    np.savez_compressed(Path(__file__).parent / "half.npz", allow_pickle=False, **found)


def stalled(kind: torch.dtype) -> np.ndarray:
    """A weight of 1 and one of 0.5 after one step of Adam at 1e-3 with a gradient of 1, and with one of 0."""
    p = torch.nn.Parameter(torch.tensor([1.0, 0.5, 1.0], dtype=kind))
    adam = torch.optim.Adam([p], lr=1e-3, foreach=False)
    p.grad = torch.tensor([1.0, 1.0, 0.0], dtype=kind)
    adam.step()
    return p.detach().float().numpy()


if __name__ == "__main__":
    main()
