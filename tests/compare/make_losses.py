"""Record a right GPT under right losses and wrong ones, as `losses/` beside this script.

    PYTHONPATH=. python tests/compare/make_losses.py

needs PyTorch (recorded with 2.13.0); the everyday tests read the files. A file is called KIND, or right, and which.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from modules_torch import GPT
from torch import nn

import tfstep.torch

FOLDER = Path(__file__).with_name("losses")
WORDS = 9
IDS = torch.tensor([[3, 7, 1, 5, 0, 0], [4, 4, 8, 2, 6, 0]])  # 0 fills up
NEXT = torch.cat([IDS[:, 1:], torch.zeros(2, 1, dtype=torch.long)], 1)
SAID = NEXT != 0


def flat(z: Any, labels: Any, **how: Any) -> Any:
    """PyTorch's own, over all rows."""
    return F.cross_entropy(z.reshape(-1, WORDS), labels.reshape(-1), **{"ignore_index": 0, **how})


def picked(z: Any) -> Any:
    """−log p of the labels, by hand."""
    return -z.log_softmax(-1).gather(-1, NEXT[..., None])[..., 0]


def weighed(z: Any) -> Any:
    """Words of other weights, which a scenario that is proposed does not know."""
    return flat(z, NEXT, weight=torch.arange(1.0, WORDS + 1))


LOSSES: dict[str, Callable[[Any], Any]] = {
    "right flat": lambda z: flat(z, NEXT),
    "right sliced": lambda z: flat(z[:, :-1], IDS[:, 1:]),
    "right module": lambda z: nn.CrossEntropyLoss(ignore_index=0)(z.transpose(1, 2), NEXT),
    "right minus 100": lambda z: F.cross_entropy(z.flatten(0, 1), NEXT.masked_fill(~SAID, -100).flatten()),
    "right nll": lambda z: F.nll_loss(z.log_softmax(-1).flatten(0, 1), NEXT.flatten(), ignore_index=0),
    "right by hand": lambda z: (picked(z) * SAID).sum() / SAID.sum(),
    "right times the mask": lambda z: (flat(z, NEXT, reduction="none", ignore_index=-100) * SAID.flatten()).sum() / SAID.sum(),
    "right padding idx": lambda z: flat(z, NEXT, ignore_index=0),
    "labels-unshifted flat": lambda z: flat(z, IDS),
    "labels-unshifted all": lambda z: flat(z, IDS, ignore_index=-100),
    "labels-unshifted sliced": lambda z: flat(z[:, :-1], IDS[:, :-1], ignore_index=-100),
    "labels-shifted-twice sliced": lambda z: flat(z[:, :-1], NEXT[:, 1:]),
    "labels-shifted-twice rolled": lambda z: flat(z, NEXT.roll(-1, 1)),
    "labels-shifted-twice cut": lambda z: flat(z[:, :-2], IDS[:, 2:]),
    "loss-reduction sum": lambda z: flat(z, NEXT, reduction="sum"),
    "loss-reduction means": lambda z: torch.stack([flat(a, b) for a, b in zip(z, NEXT, strict=True)]).mean(),
    "pads-counted flat": lambda z: flat(z, NEXT, ignore_index=-100),
    "pads-counted divided": lambda z: flat(z, NEXT, reduction="none").mean(),
    "pads-counted own": lambda z: (flat(z, NEXT, reduction="none", ignore_index=-100) * (IDS != 0).flatten()).sum()
    / (IDS != 0).sum(),
    "loss-input softmax": lambda z: flat(z.softmax(-1), NEXT),
    "loss-input nll": lambda z: F.nll_loss(z.softmax(-1).flatten(0, 1), NEXT.flatten(), ignore_index=0),
    "loss-input smoothed": lambda z: flat(z, NEXT, label_smoothing=0.1),
    "other weights": weighed,
    "other penalty": lambda z: flat(z, NEXT) + 0.01 * z.logsumexp(-1).pow(2).mean(),
}  # fmt: skip


def main() -> None:
    """Record and write."""
    FOLDER.mkdir(exist_ok=True)
    for name, loss in LOSSES.items():
        torch.manual_seed(3)
        module = GPT(WORDS, 8, 2, 6)
        if name in ("pads-counted flat", "right padding idx"):
            module.wte.padding_idx = 0  # which tells that 0 is no word
        for parameter in module.parameters():
            parameter.data += 0.2 * torch.randn(parameter.shape)
        tfstep.torch.record(module, IDS, loss=loss).save(
            FOLDER / f"{name.replace(' ', '--', 1).replace(' ', '-')}.safetensors"
        )


if __name__ == "__main__":
    main()
