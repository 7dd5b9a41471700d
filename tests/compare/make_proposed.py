"""Record modules that no scenario is given for, as `proposed/` beside this script.

    PYTHONPATH=. python tests/compare/make_proposed.py

needs PyTorch (recorded with 2.13.0); the everyday tests read the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from modules_torch import GPT, Attention, Block, Fused, Llama, Turned
from torch import nn

import tfstep.torch
from tfstep.testing import assert_same_steps

FOLDER = Path(__file__).with_name("proposed")


def square(y: Any) -> Any:
    """A loss that a proposal tells by its number."""
    return (y[0] if isinstance(y, tuple) else y).pow(2).mean()


def main() -> None:
    """Record and write; and what only a module in memory shows is asked here."""
    torch.manual_seed(3)
    FOLDER.mkdir(exist_ok=True)
    x, memory, ids = torch.randn(2, 5, 8), torch.randn(2, 4, 8), torch.randint(0, 9, (2, 5))
    pads = torch.tensor([[False] * 4 + [True], [False] * 3 + [True] * 2])
    mha, layer = nn.MultiheadAttention(8, 2, batch_first=True), nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0)
    jobs: dict[str, tuple[nn.Module, tuple[Any, ...], dict[str, Any]]] = {
        "by-hand": (Attention(8, 2), (x,), {"loss": square}),
        "wrong-axis": (Attention(8, 2, True, "axis"), (x,), {}),
        "fused": (Fused(8, 4), (x,), {"loss": square}),
        "rope": (Turned(8, 2), (x,), {}),
        "post": (Block(8, 12, Attention(8, 2), False), (x,), {}),
        "pre-causal": (Block(8, 12, Fused(8, 2), True), (x,), {"loss": lambda y: y.sum()}),
        "unscaled": (Block(8, 12, Attention(8, 2, True, "unscaled"), True), (x,), {}),
        "gpt": (GPT(9, 8, 2, 6), (ids,), {}),
        "gpt-unscaled": (GPT(9, 8, 2, 6, "unscaled"), (ids,), {}),
        "mha-pads": (mha, (x, x, x), {"key_padding_mask": pads}),
        "mha-memory": (mha, (x, memory, memory), {}),
        "layer": (layer.eval(), (x.transpose(0, 1).contiguous(),), {}),
        "no-attention": (nn.Sequential(nn.Linear(8, 8), nn.ReLU()), (x,), {}),
        "decoder-layer": (nn.TransformerDecoderLayer(8, 2, 12, batch_first=True).eval(), (x, memory), {}),
    }
    for name, (module, args, how) in jobs.items():
        for parameter in module.parameters():
            parameter.data += 0.2 * torch.randn(parameter.shape)
        tfstep.torch.record(module, *args, **how).save(FOLDER / f"{name}.safetensors")
    llamas: dict[str, dict[str, Any]] = {
        "llama": {"layers": 2, "times": 4.0},
        "llama-part": {"flash": True, "base": 500000.0, "pairs": "interleaved", "part": 0.5},
        "llama-complex": {"pairs": "complex", "base": 1234567.0},
        "llama-unscaled": {"bug": "unscaled"},
        "llama-stretched": {"bug": "stretched"},
    }
    for name, how in llamas.items():
        llama = Llama(9, 16, 2, 1, **how)
        for parameter in llama.parameters():
            parameter.data += 0.2 * torch.randn(parameter.shape)
        tfstep.torch.record(llama, ids).save(FOLDER / f"{name}.safetensors")
    ties: dict[str, dict[str, Any]] = {
        "tied": {"tied": "shared"},
        "tied-bias": {"tied": "shared", "bias": True},
        "tied-matmul": {"tied": "matmul", "bias": True},
        "tied-linear": {"tied": "linear"},
        "tied-unscaled": {"tied": "shared", "bug": "unscaled"},
        "tied-pooled": {"tied": "pooled"},
    }
    for name, how in ties.items():
        gpt = GPT(9, 8, 2, 6, **how)
        for parameter in gpt.parameters():
            parameter.data += 0.2 * torch.randn(parameter.shape)
        loss: dict[str, Any] = {} if name in ("tied", "tied-unscaled", "tied-pooled") else {"loss": square}
        tfstep.torch.record(gpt, ids, **loss).save(FOLDER / f"{name}.safetensors")
    good = Attention(8, 2)
    assert_same_steps((good, x))
    assert_same_steps((good, x), loss=square)
    assert_same_steps((jobs["decoder-layer"][0], x, memory))
    ours = tfstep.load("attention").with_changes(
        {"model": {"heads": 2, "d_model": 8, "d_k": None, "d_v": None, "output": True}, "input": {"x": x.numpy()},
         "loss": {"kind": "mse", "target": 0}, "weights": {"set": None}}
    )  # fmt: skip
    for scenario in (ours, tfstep.trace(ours)):
        assert_same_steps(good, scenario)
        assert_same_steps(mha, scenario)
        assert_same_steps(good, scenario, loss=square)
    with pytest.raises(AssertionError, match="softmax over the axis query, not key"):
        assert_same_steps(Attention(8, 2, bug="axis"), ours)


if __name__ == "__main__":
    main()
