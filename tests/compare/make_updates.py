"""Record gradients, updates and types that are wrong in PyTorch, by its own optimizers, as `torch_updates.npz`.

    PYTHONPATH=. python tests/compare/make_updates.py

needs PyTorch (recorded with 2.13.0); the everyday tests read the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hands_torch import Net, loss_of
from make_plants import Runs
from plants import TEXTS
from updates import MODELS, TRAINS

import tfstep
import tfstep.torch
from tfstep.scenario.scenario import load_text

FILE = Path(__file__).with_name("torch_updates.npz")
Make = Callable[[Any], torch.optim.Optimizer]
OPTIMIZERS: tuple[tuple[str, str, str, Make], ...] = (
    ("", "sgd", "", lambda p: torch.optim.SGD(p, 0.1)),
    ("", "momentum", "", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    ("", "adam", "", lambda p: torch.optim.Adam(p, 0.01)),
    ("", "adamw", "", lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1)),
    ("weight_decay in SGD", "sgd", "weight-decay", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01)),
    ("nesterov", "momentum", "momentum", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    ("weight_decay in Adam", "adam", "weight-decay", lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.01)),
    ("AdamW for Adam", "adam", "weight-decay", lambda p: torch.optim.AdamW(p, 0.01)),
    ("Adam for AdamW", "adamw", "weight-decay", lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1)),
    ("another eps", "adam", "optimizer-eps", lambda p: torch.optim.Adam(p, 0.01, eps=1e-4)),
    ("RMSprop for Adam", "adam", "optimizer-bias", lambda p: torch.optim.RMSprop(p, 0.01 * 0.1, alpha=0.999)),
)  # fmt: skip

SMALL = (
    ("half weights", "attn.weights"), ("brain weights", "attn.weights"), ("half softmax", "attn.weights"),
    ("half act", "ffn.act"),
)  # fmt: skip


def recorded(scenario: tfstep.Scenario, wrong: tuple[str, ...], twice: bool = False, half: bool = False) -> Any:
    """One run in float64: the module, and what was recorded."""
    c, inputs = scenario.model, scenario.inputs
    side = inputs.target if c.kind == "decoder" else inputs.source
    assert side is not None
    assert inputs.labels is not None
    torch.manual_seed(4)
    sizes = (len(side.vocab), len(side.vocab), len(inputs.labels.vocab))
    module = Net(c, sizes, 9, "linear", wrong).double()
    for parameter in module.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape, dtype=torch.float64)
    value = loss_of((), torch.tensor(inputs.labels.ids), torch.tensor(side.ids))

    def loss(z: torch.Tensor) -> torch.Tensor:
        if twice:
            value(z).backward(retain_graph=True)
        return value(z)

    return module, tfstep.torch.record(module, torch.tensor(side.ids), loss=loss)


def with_grads(module: Any, kept: Any) -> None:
    """The gradients of a recording, where an optimizer looks for them."""
    for name, parameter in module.named_parameters():
        parameter.grad = torch.tensor(kept[f"{name}.grad"]) if f"{name}.grad" in kept else None


def main() -> None:
    """Record and write."""
    runs = Runs(FILE)
    for model in MODELS:
        scenario = load_text(TEXTS[model])
        for wrong, train, cause, make in OPTIMIZERS:
            module, kept = recorded(scenario, ())
            with_grads(module, kept)
            make(module.parameters()).step()
            for name, parameter in module.named_parameters():
                kept.add(f"{name}.new", parameter)
            runs.add(kept, model=model, wrong=wrong, train=TRAINS[train], cause=cause, path=".new")
        for mistake, step in SMALL:
            _, kept = recorded(scenario, (mistake,))
            runs.add(kept, lambda name: ".grad" in name, model=model, wrong=mistake, train=TRAINS["sgd"], cause="dtype",
                     path=step)  # fmt: skip
        _, kept = recorded(scenario, (), twice=True)
        weights = {name for name, _ in module.named_parameters()}
        for wrong, of, path in (
            ("backward twice", weights, ".grad"),
            ("backward twice, all", set(kept), "out.logits.grad"),
        ):
            runs.add(kept, lambda name, of=of: name.endswith(".grad") and name.removesuffix(".grad") not in of, model=model,
                     wrong=wrong, train=TRAINS["sgd"], cause="grad-accumulated", path=path)  # fmt: skip
        module, kept = recorded(scenario, ())
        with_grads(module, kept)
        torch.nn.utils.clip_grad_norm_(module.parameters(), 0.1)
        for name, parameter in module.named_parameters():
            if parameter.grad is not None:
                kept.arrays[f"{name}.grad"] = parameter.grad.numpy().copy()
        runs.add(kept, model=model, wrong="clip_grad_norm_", train=TRAINS["sgd"], cause="grad-clipped", path=".grad")
    runs.write()


if __name__ == "__main__":
    main()
